import { setImmediate as nextTurn } from 'node:timers/promises'
import { and, gt, lte, max, type SQL, sql } from 'drizzle-orm'
import type { SqliteDatabase } from '../engine/open.ts'
import { followers } from './tables.ts'

type IdRange = {
  after: number
  until: number
}

/** Ranges of row numbers that cover all followers; other work gets its turn between two of them. */
export async function* toIdRanges(read: SqliteDatabase['read'], size: number): AsyncGenerator<IdRange> {
  const last =
    read
      .select({ id: max(followers.id) })
      .from(followers)
      .get()?.id ?? 0
  for (let after = 0; after < last; after += size) {
    yield { after, until: after + size }
    await nextTurn()
  }
}

/** Rows of the account in a range, found by row number: the appid in an expression keeps its indexes, which hold the whole account, out of it. */
export function inIdRange(appid: string): SQL | undefined {
  return and(
    gt(followers.id, sql.placeholder('after')),
    lte(followers.id, sql.placeholder('until')),
    sql`${followers.appid} || '' = ${appid}`,
  )
}

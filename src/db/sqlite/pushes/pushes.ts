import { and, asc, eq, lt, sql } from 'drizzle-orm'
import type { PushRow, PushRows } from '../../pushes.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater, type Statement } from '../engine/statement.ts'
import { isOfAccount, isUnderWay } from './conditions.ts'
import { createPushCounts } from './pushCounts.ts'
import { createPushHistory } from './pushHistory.ts'
import { createPushOutcomes } from './pushOutcomes.ts'
import { createPushWrites } from './pushWrites.ts'
import { pushes } from './tables.ts'

interface SqlitePushRows extends PushRows {
  toRecord(row: PushRow): Statement
}

/** The pushes of one account. */
export function createPushes(
  { read, write, writeSoon }: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): SqlitePushRows {
  const find = prepareLater(
    read
      .select()
      .from(pushes)
      .where(and(eq(pushes.id, sql.placeholder('id')), eq(pushes.appid, appid))),
  )
  return {
    ...createPushWrites({ read, write, writeSoon }, appid),
    ...createPushHistory({ read }, appid),
    ...createPushCounts({ read }, appid),
    ...createPushOutcomes({ read }, appid),
    async find(id) {
      return find.get({ id })
    },
    async findOpen(before, last, limit) {
      return read
        .select()
        .from(pushes)
        .where(
          and(
            isOfAccount(appid),
            isUnderWay,
            lt(pushes.createdAt, before),
            last && sql`(${pushes.createdAt}, ${pushes.id}) > (${last.createdAt}, ${last.id})`,
          ),
        )
        .orderBy(asc(pushes.createdAt), asc(pushes.id))
        .limit(limit)
    },
  }
}

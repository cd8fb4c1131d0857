import { and, asc, eq, isNotNull, isNull, lte, sql } from 'drizzle-orm'
import { say } from '../../../base/sentences/sentence.ts'
import { toStored } from '../../../base/sentences/stored.ts'
import { type HeldPushes, isHeldPush, type PendingRelease } from '../../heldPushes.ts'
import type { PushRow } from '../../pushes.ts'
import { countChanged, isChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater, type Statement } from '../engine/statement.ts'
import { isOfAccount } from './conditions.ts'
import { toPendingReleaseOf } from './pendingReleases.ts'
import { nextSeq } from './pushWrites.ts'
import { pendingReleases, pushes } from './tables.ts'

/** Pushes ended in one transaction, so that those who send need not wait long for theirs. */
const expireLimit = 1_000

/**
 * The pushes of one account that wait for their users to follow. Those of one user are a line: only its first one may be
 * in the queue, and a push leaves it when it comes to an end.
 */
export function createHeldPushes(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  { toRecord }: { toRecord(row: PushRow): Statement },
  appid: string,
): HeldPushes {
  const placed = sql.placeholder
  const isOurs = eq(pushes.appid, appid)
  // As in its index, with nothing that would lead SQLite to another one, and not as a bound value.
  const isHeld = and(isOurs, sql`${pushes.reason} = 'hold'`)
  const first = prepareLater(
    read
      .select()
      .from(pushes)
      .where(
        and(
          eq(pushes.heldFor, placed('recipient')),
          isNotNull(pushes.heldFor),
          isNull(pushes.finishedAt),
          isOfAccount(appid),
        ),
      )
      .orderBy(asc(pushes.place))
      .limit(1),
  )
  const isExpired = and(isHeld, lte(pushes.expiresAt, placed('now')))
  const firstExpired = prepareLater(read.select({ id: pushes.id }).from(pushes).where(isExpired).limit(1))
  const expire = compileWrite<{ now: number }>(
    read
      .update(pushes)
      .set({
        ...nextSeq,
        status: 'skipped',
        reason: 'expired',
        detail: toStored(say('outcome.never_followed')),
        finishedAt: sql`${placed('now')}`,
      })
      .where(sql`${pushes}.rowid in (select rowid from ${pushes} where ${isExpired} limit ${expireLimit})`),
  )
  // By the index that has all it asks for: the one of reasons leads to every row.
  const countSql = sql`select count(*) as total from ${pushes} indexed by pushes_held where ${isHeld}`
  const oldest = prepareLater(
    read
      .select({ id: pendingReleases.id, recipient: pendingReleases.recipient })
      .from(pendingReleases)
      .where(eq(pendingReleases.appid, appid))
      .orderBy(asc(pendingReleases.id))
      .limit(placed('limit')),
  )
  const drop = compileWrite<PendingRelease>(
    read.delete(pendingReleases).where(eq(pendingReleases.id, placed('id'))),
  )

  return {
    async hold(push, others = []) {
      return isChanged(write, [toRecord(push), toPendingReleaseOf(appid, push, others)])
    },
    async findFirst(recipient) {
      const row = first.get({ recipient })
      return row && isHeldPush(row) ? row : undefined
    },
    async findPendingReleases(limit) {
      return oldest.all({ limit })
    },
    async dropPendingReleases(gone) {
      await write([drop.each(gone)])
    },
    async expire(now) {
      let expired = 0
      while (firstExpired.get({ now }) !== undefined)
        expired += await countChanged(write, [expire.once({ now })])
      return expired
    },
    async count() {
      return read.get<{ total: number }>(countSql)?.total ?? 0
    },
  }
}

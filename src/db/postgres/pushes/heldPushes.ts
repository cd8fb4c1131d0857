import { say } from '../../../base/sentences/sentence.ts'
import { toStored } from '../../../base/sentences/stored.ts'
import { type HeldPush, type HeldPushes, isHeldPush, type PendingRelease } from '../../heldPushes.ts'
import type { PushRow } from '../../pushes.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { toPendingReleasesOf } from './pendingReleases.ts'
import type { PostgresPushRows } from './pushes.ts'
import { createPushTimes } from './pushTimes.ts'
import { pushes } from './tables.ts'

/** Pushes ended in one transaction, so that those who send need not wait long for theirs. */
const expireLimit = 1_000

const firstSql = `select ${selectList(pushes)} from pushes
where held_for = $2 and held_for is not null and finished_at is null and appid = $1 order by place limit 1`
const isExpired = `appid = $1 and reason = 'hold' and expires_at <= $2`
const anyExpiredSql = `select id from pushes where ${isExpired} limit 1`
const expireSql = `update pushes set seq = seq + 1, status = 'skipped', reason = 'expired',
  detail = '${toStored(say('outcome.never_followed'))}', finished_at = $2
where (appid, id) in (select appid, id from pushes where ${isExpired} limit ${expireLimit} for update skip locked)`
const countSql = `select count(*) as total from pushes where appid = $1 and reason = 'hold'`
const oldestSql = 'select id, recipient from pending_releases where appid = $1 order by id limit $2'
const dropSql = 'delete from pending_releases where id = any($1)'

/**
 * The pushes of one account that wait for their users to follow. Those of one user are a line: only its first one may be
 * in the queue, and a push leaves it when it comes to an end.
 */
export function createHeldPushes(
  { query, write, writeApart, clock }: Pick<PostgresDatabase, 'query' | 'write' | 'writeApart' | 'clock'>,
  { toRecord }: Pick<PostgresPushRows, 'toRecord'>,
  appid: string,
): HeldPushes {
  const times = createPushTimes(clock)
  return {
    async hold(push: HeldPush, others: readonly string[] = []) {
      const [result] = await writeApart([toRecord(push), ...toPendingReleasesOf(appid, push, others)])
      return result?.changes === 1
    },
    async findFirst(recipient) {
      const [row] = await query<PushRow>(firstSql, [appid, recipient])
      const held = row && times.fromStored(row)
      return held && isHeldPush(held) ? held : undefined
    },
    findPendingReleases: (limit) => query<PendingRelease>(oldestSql, [appid, limit]),
    async dropPendingReleases(gone) {
      await write([{ sql: dropSql, params: [gone.map(({ id }) => id)] }])
    },
    async expire(now) {
      const params = [appid, clock.toServer(now)]
      let expired = 0
      while ((await query(anyExpiredSql, params)).length > 0) {
        const [result] = await write([{ sql: expireSql, params }])
        expired += result?.changes ?? 0
      }
      return expired
    },
    async count() {
      const [row] = await query<{ total: number }>(countSql, [appid])
      return row?.total ?? 0
    },
  }
}

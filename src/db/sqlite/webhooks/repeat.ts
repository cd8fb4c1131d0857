import { minute } from '../../../base/duration.ts'
import { finalStatuses } from '../../../push/status.ts'
import type { Webhooks } from '../../webhooks/webhooks.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { toldColumns, toPushChange, toRecipientChange } from './triggers.ts'

/** Records told again in one transaction, so that those who send need not wait long for theirs. */
const repeatedAtOnce = 1_000

const isEnded = 'appid = ? and status = ? and finished_at is not null and finished_at >= ?'
/** Up to which time there are so many ends, of one status, since another time; none = there are fewer. */
const sliceSql = `select finished_at as finishedAt from pushes where ${isEnded} order by finished_at limit 1 offset ?`
/** Tells them as the triggers do. */
const repeatSql = `insert into webhook_changes (${toldColumns})
select ${toPushChange('')}
from pushes where ${isEnded} and finished_at <= ?`

/** Broadcasts of whose recipients somebody came to an end since a minute. */
const broadcastsSql = `select b.no from broadcasts b where b.appid = ? and exists (
select 1 from broadcast_outcomes where broadcast = b.no and minute >= ? and total > 0)`
/** The last of so many recipients. */
const partSql = `select max(seq) as last from (
select seq from broadcast_recipients where broadcast = ? and seq > ? order by seq limit ?)`
const repeatRecipientsSql = `insert into webhook_changes (${toldColumns})
select ${toRecipientChange('r')}
from broadcast_recipients r join broadcasts on no = r.broadcast
where r.broadcast = ? and r.seq > ? and r.seq <= ? and r.status is not null and r.finished_at >= ?`

/** Has the records that came to an end since a time told once more. */
export function createRepeat({
  read,
  write,
}: Pick<SqliteDatabase, 'read' | 'write'>): Pick<Webhooks, 'repeat'> {
  const client = read.$client
  const slice = client.prepare<[string, string, number, number], { finishedAt: number }>(sliceSql)
  const broadcasts = client.prepare<[string, number], { no: number }>(broadcastsSql)
  const part = client.prepare<[number, number, number], { last: number | null }>(partSql)

  async function repeatPushes(appid: string, since: number): Promise<number> {
    let repeated = 0
    for (const status of finalStatuses) {
      for (let from = since; ; ) {
        const until = slice.get(appid, status, from, repeatedAtOnce - 1)?.finishedAt
        const params = [appid, status, from, until ?? Number.MAX_SAFE_INTEGER]
        repeated += await countChanged(write, [{ sql: repeatSql, params }])
        if (until === undefined) break
        from = until + 1
      }
    }
    return repeated
  }

  async function repeatRecipients(appid: string, since: number): Promise<number> {
    let repeated = 0
    for (const { no } of broadcasts.all(appid, Math.floor(since / minute))) {
      for (let after = -1; ; ) {
        const last = part.get(no, after, repeatedAtOnce)?.last ?? null
        if (last === null) break
        repeated += await countChanged(write, [
          { sql: repeatRecipientsSql, params: [no, after, last, since] },
        ])
        after = last
      }
    }
    return repeated
  }

  return {
    repeat: async (appid, since) =>
      (await repeatPushes(appid, since)) + (await repeatRecipients(appid, since)),
  }
}

import { minute } from '../../../base/duration.ts'
import { finalStatuses } from '../../../push/status.ts'
import type { Webhooks } from '../../webhooks/webhooks.ts'
import type { PostgresDatabase } from '../engine/open.ts'

/** Records told again in one transaction, so that those who send need not wait long for theirs. */
const repeatedAtOnce = 1_000

const isEnded = 'appid = $1 and status = $2 and finished_at is not null and finished_at >= $3'
const sliceSql = `select finished_at as "finishedAt" from pushes where ${isEnded} order by finished_at limit 1 offset $4`
/** As the triggers that tell of changes, which a test compares. */
const repeatSql = `insert into webhook_changes (type, appid, key, data, created_at, sent_at, finished_at, at)
select 'pushes.updated', appid, id, json_build_object('id', id, 'appid', appid, 'unionid', unionid, 'openid', openid,
  'templateId', template_id, 'status', status, 'reason', reason, 'detail', detail,
  'next', case when reason = 'handed_over'
    then coalesce(message::json#>>'{next,0,name}', message::json#>>'{next,0,appid}') end,
  'broadcast', null, 'msgid', msgid, 'errcode', errcode, 'errmsg', errmsg, 'rid', rid, 'attempts', attempts, 'seq', seq)::text,
  created_at, sent_at, finished_at, coalesce(finished_at, created_at)
from pushes where ${isEnded} and finished_at <= $4`

/** Broadcasts of whose recipients somebody came to an end since a minute. */
const broadcastsSql = `select b.no from broadcasts b where b.appid = $1 and exists (
  select from broadcast_outcomes where broadcast = b.no and minute >= $2 and total > 0)`
/** The last of so many recipients. */
const partSql = `select max(seq) as last from (
  select seq from broadcast_recipients where broadcast = $1 and seq > $2 order by seq limit $3) part`
/** As the trigger, too. */
const repeatRecipientsSql = `insert into webhook_changes (type, appid, key, data, created_at, sent_at, finished_at, at)
select 'pushes.updated', appid, key, json_build_object('id', key, 'appid', appid, 'unionid', unionid, 'openid', openid,
  'templateId', template_id, 'status', status, 'reason', reason, 'detail', detail, 'next', null, 'broadcast', id,
  'msgid', msgid, 'errcode', errcode, 'errmsg', errmsg, 'rid', rid, 'attempts', attempts,
  'seq', 5 * generation + case when status in ('delivered', 'undelivered') then 3 else 1 end
    + case when detail like '{"key":"receipt.intercepted"%' then 1 else 0 end)::text,
  created_at, sent_at, finished_at, coalesce(finished_at, created_at)
from (
  select b.appid, b.id, b.template_id, b.created_at,
    b.id || ':' || case when r.is_by_unionid then r.unionid else r.openid end as key, r.unionid, r.openid, r.status,
    r.reason, r.detail, r.msgid, r.errcode, r.errmsg, r.rid, r.attempts, r.generation, r.sent_at, r.finished_at
  from broadcast_recipients r join broadcasts b on b.no = r.broadcast
  where r.broadcast = $1 and r.seq > $2 and r.seq <= $3 and r.status is not null and r.finished_at >= $4
) told`

/** Has the records that came to an end since a time told once more. */
export function createRepeat({
  query,
  write,
  clock: { toServer },
}: Pick<PostgresDatabase, 'query' | 'write'> & {
  clock: Pick<PostgresDatabase['clock'], 'toServer'>
}): Pick<Webhooks, 'repeat'> {
  const once = async (sql: string, ...params: unknown[]) => (await write([{ sql, params }]))[0]?.changes ?? 0

  async function repeatPushes(appid: string, since: number): Promise<number> {
    let repeated = 0
    for (const status of finalStatuses) {
      for (let from = since; ; ) {
        const params = [appid, status, from, repeatedAtOnce - 1]
        const [last] = await query<{ finishedAt: number }>(sliceSql, params)
        repeated += await once(repeatSql, appid, status, from, last?.finishedAt ?? Number.MAX_SAFE_INTEGER)
        if (last === undefined) break
        from = last.finishedAt + 1
      }
    }
    return repeated
  }

  async function repeatRecipients(appid: string, since: number): Promise<number> {
    let repeated = 0
    const broadcasts = await query<{ no: number }>(broadcastsSql, [appid, Math.floor(since / minute)])
    for (const { no } of broadcasts) {
      for (let after = -1; ; ) {
        const [part] = await query<{ last: number | null }>(partSql, [no, after, repeatedAtOnce])
        const last = part?.last ?? null
        if (last === null) break
        repeated += await once(repeatRecipientsSql, no, after, last, since)
        after = last
      }
    }
    return repeated
  }

  return {
    async repeat(appid, since) {
      const from = toServer(since)
      return (await repeatPushes(appid, from)) + (await repeatRecipients(appid, from))
    },
  }
}

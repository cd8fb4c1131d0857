import { finalStatuses } from '../../../push/status.ts'
import { toRanges, type WebhookChange, type Webhooks } from '../../webhooks/webhooks.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, type Statement, selectList } from '../engine/statement.ts'
import { webhookChanges } from './tables.ts'

/** Records told again in one transaction, so that those who send need not wait long for theirs. */
const repeatedAtOnce = 1_000

const changesSql = `select ${selectList(webhookChanges)} from webhook_changes where n > $1 order by n limit $2`
const dropChangesSql = `delete from webhook_changes
using json_to_recordset($1::json) as range("from" bigint, "to" bigint) where n between "from" and "to"`
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

/** What is to be told and was not tried yet. */
export function createWebhookChanges({
  query,
  write,
  writeSoon,
  clock: { toServer, fromServer },
}: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon' | 'clock'>): Pick<
  Webhooks,
  'findChanges' | 'dropChanges' | 'repeat'
> {
  const once = async (sql: string, ...params: unknown[]) => (await write([{ sql, params }]))[0]?.changes ?? 0

  return {
    async findChanges(after, limit) {
      const rows = await query<WebhookChange>(changesSql, [after, limit])
      return rows.map((row) => ({
        ...row,
        sentAt: fromServer(row.sentAt),
        finishedAt: fromServer(row.finishedAt),
      }))
    },
    async dropChanges(gone) {
      await writeSoon([toDrop(gone)])
    },
    async repeat(appid, since) {
      let repeated = 0
      for (const status of finalStatuses) {
        for (let from = toServer(since); ; ) {
          const params = [appid, status, from, repeatedAtOnce - 1]
          const [last] = await query<{ finishedAt: number }>(sliceSql, params)
          repeated += await once(repeatSql, appid, status, from, last?.finishedAt ?? Number.MAX_SAFE_INTEGER)
          if (last === undefined) break
          from = last.finishedAt + 1
        }
      }
      return repeated
    },
  }
}

export function toDrop(gone: readonly Pick<WebhookChange, 'n'>[]): Statement {
  return forRows(
    dropChangesSql,
    toRanges(gone).map(([from, to]) => ({ from, to })),
  )
}

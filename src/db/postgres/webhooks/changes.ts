import { toRanges, type WebhookChange, type Webhooks } from '../../webhooks/webhooks.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, type Statement, selectList } from '../engine/statement.ts'
import { createRepeat } from './repeat.ts'
import { webhookChanges } from './tables.ts'

const tellSql = `insert into webhook_changes (type, appid, data, at)
select $1::text, $2::text, $3::text, $4::bigint from webhook_endpoint`
const changesSql = `select ${selectList(webhookChanges)} from webhook_changes where n > $1 order by n limit $2`
const dropChangesSql = `delete from webhook_changes
using json_to_recordset($1::json) as range("from" bigint, "to" bigint) where n between "from" and "to"`

/** What is to be told and was not tried yet. */
export function createWebhookChanges({
  query,
  write,
  writeSoon,
  clock: { toServer, fromServer },
}: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon' | 'clock'>): Pick<
  Webhooks,
  'tell' | 'findChanges' | 'dropChanges' | 'repeat'
> {
  const once = async (sql: string, ...params: unknown[]) => (await write([{ sql, params }]))[0]?.changes ?? 0

  return {
    async tell({ type, appid, data, at }) {
      await once(tellSql, type, appid, data, toServer(at))
    },
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
    ...createRepeat({ query, write, clock: { toServer } }),
  }
}

export function toDrop(gone: readonly Pick<WebhookChange, 'n'>[]): Statement {
  return forRows(
    dropChangesSql,
    toRanges(gone).map(([from, to]) => ({ from, to })),
  )
}

import { finalStatuses } from '../../../push/status.ts'
import {
  toRanges,
  type WebhookChange,
  type WebhookDelivery,
  type WebhookEndpoint,
  type Webhooks,
} from '../../webhooks/webhooks.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset, type Statement, selectList } from '../engine/statement.ts'
import { webhookChanges, webhookDeliveries, webhookEndpoint } from './tables.ts'

/** Records told again in one transaction, so that those who send need not wait long for theirs. */
const repeatedAtOnce = 1_000

const listed = selectList(webhookDeliveries, ['id', 'type', 'attempts', 'firstAt', 'nextAt', 'lastError'])
const keptColumns = recordset(webhookDeliveries, '$1')
const findSql = `select ${selectList(webhookEndpoint)} from webhook_endpoint where id = 1`
const changesSql = `select ${selectList(webhookChanges)} from webhook_changes where n > $1 order by n limit $2`
const dropChangesSql = `delete from webhook_changes
using json_to_recordset($1::json) as range("from" bigint, "to" bigint) where n between "from" and "to"`
const keepSql = `insert into webhook_deliveries (id, type, body, keys, attempts, first_at, next_at, last_error)
select id, type, body, keys, attempts, "firstAt", "nextAt", "lastError" from ${keptColumns} on conflict (id) do nothing`
const waiting = 'next_at is not null'
const dueSql = `select ${selectList(webhookDeliveries)} from webhook_deliveries
where ${waiting} and next_at <= $1 order by next_at limit $2`
const recordTrySql = `update webhook_deliveries set attempts = $2, first_at = $3, next_at = $4, last_error = $5 where id = $1`
const retrySql = 'update webhook_deliveries set next_at = $1, first_at = $1, attempts = 0'
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
const purgeChangesSql = `delete from webhook_changes where n in (
  select n from (select n, at from webhook_changes order by n limit $2) as oldest where at < $1)`

/** Outcomes on their way to the caller's server. */
export function createWebhooks({
  query,
  write,
  writeSoon,
  clock,
}: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon' | 'clock'>): Webhooks {
  const { toServer, fromServer } = clock
  const once = async (sql: string, ...params: unknown[]) => (await write([{ sql, params }]))[0]?.changes ?? 0
  const toDrop = (gone: readonly Pick<WebhookChange, 'n'>[]): Statement =>
    forRows(
      dropChangesSql,
      toRanges(gone).map(([from, to]) => ({ from, to })),
    )
  const toStored = <Row extends Pick<WebhookDelivery, 'firstAt' | 'nextAt'>>(row: Row): Row => ({
    ...row,
    firstAt: toServer(row.firstAt),
    nextAt: toServer(row.nextAt),
  })
  const fromStored = <Row extends Pick<WebhookDelivery, 'firstAt' | 'nextAt'>>(row: Row): Row => ({
    ...row,
    firstAt: fromServer(row.firstAt),
    nextAt: fromServer(row.nextAt),
  })

  async function findEndpoint(): Promise<WebhookEndpoint | undefined> {
    const [row] = await query<WebhookEndpoint>(findSql)
    if (!row) return undefined
    const { offAt, offDetail, succeededAt } = row
    return { offAt: fromServer(offAt), offDetail, succeededAt: fromServer(succeededAt) }
  }

  return {
    async turnOn() {
      if (await findEndpoint()) return
      await once('insert into webhook_endpoint (id) values (1) on conflict do nothing')
    },
    async turnOff() {
      if (await findEndpoint()) await once('delete from webhook_endpoint')
    },
    findEndpoint,
    async recordSuccess(at) {
      await writeSoon([{ sql: 'update webhook_endpoint set succeeded_at = $1', params: [toServer(at)] }])
    },
    async switchOff(at, detail) {
      await once('update webhook_endpoint set off_at = $1, off_detail = $2', toServer(at), detail)
    },
    async enable(at) {
      await write([
        { sql: 'update webhook_endpoint set off_at = null, off_detail = null', params: [] },
        { sql: retrySql, params: [toServer(at)] },
      ])
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
    async keep(delivery, told) {
      await write([forRows(keepSql, [toStored(delivery)]), toDrop(told)])
    },
    async findDue(now, limit) {
      return (await query<WebhookDelivery>(dueSql, [toServer(now), limit])).map(fromStored)
    },
    findWaiting: () => query(`select id, keys from webhook_deliveries where ${waiting} order by next_at`),
    async recordTry(tried) {
      const { id, attempts, firstAt, nextAt, lastError } = toStored(tried)
      await once(recordTrySql, id, attempts, firstAt, nextAt, lastError)
    },
    async drop(id) {
      await writeSoon([{ sql: 'delete from webhook_deliveries where id = $1', params: [id] }])
    },
    retryAll: (now) => once(retrySql, toServer(now)),
    async list() {
      const from = `select ${listed} from webhook_deliveries where`
      const [inOrder, givenUp] = await Promise.all([
        query<WebhookDelivery>(`${from} ${waiting} order by next_at`),
        query<WebhookDelivery>(`${from} next_at is null order by id`),
      ])
      return [...inOrder, ...givenUp].map(fromStored)
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
    async purge(before, limit) {
      const at = toServer(before)
      const results = await write([
        { sql: purgeChangesSql, params: [at, limit] },
        { sql: `delete from webhook_deliveries where next_at is null and first_at < $1`, params: [at] },
      ])
      return results[0]?.changes ?? 0
    },
  }
}

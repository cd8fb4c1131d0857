import type { WebhookDelivery, Webhooks } from '../../webhooks/webhooks.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset, selectList } from '../engine/statement.ts'
import { createWebhookChanges, toDrop } from './changes.ts'
import { createWebhookEndpoint } from './endpoint.ts'
import { webhookDeliveries } from './tables.ts'

const listed = selectList(webhookDeliveries, ['id', 'type', 'attempts', 'firstAt', 'nextAt', 'lastError'])
const keptColumns = recordset(webhookDeliveries, '$1')
const keepSql = `insert into webhook_deliveries (id, type, body, keys, attempts, first_at, next_at, last_error)
select id, type, body, keys, attempts, "firstAt", "nextAt", "lastError" from ${keptColumns} on conflict (id) do nothing`
const waiting = 'next_at is not null'
const dueSql = `select ${selectList(webhookDeliveries)} from webhook_deliveries
where ${waiting} and next_at <= $1 order by next_at limit $2`
const recordTrySql = `update webhook_deliveries set attempts = $2, first_at = $3, next_at = $4, last_error = $5 where id = $1`
const retrySql = 'update webhook_deliveries set next_at = $1, first_at = $1, attempts = 0'
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

  return {
    ...createWebhookEndpoint({ query, write, writeSoon, clock }),
    ...createWebhookChanges({ query, write, writeSoon, clock }),
    async enable(at) {
      await write([
        { sql: 'update webhook_endpoint set off_at = null, off_detail = null', params: [] },
        { sql: retrySql, params: [toServer(at)] },
      ])
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
    async hasten(now) {
      await once(`update webhook_deliveries set next_at = $1 where ${waiting}`, toServer(now))
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

import type { WebhookDelivery, Webhooks } from '../../webhooks/webhooks.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { createWebhookChanges, toDrop } from './changes.ts'
import { createWebhookEndpoint } from './endpoint.ts'

const waiting = 'next_at is not null'
const listed = 'id, type, attempts, first_at as firstAt, next_at as nextAt, last_error as lastError'

type Listed = Omit<WebhookDelivery, 'body' | 'keys'>

/** Outcomes on their way to the caller's server. */
export function createWebhooks({
  read,
  write,
  writeSoon,
}: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>): Webhooks {
  const client = read.$client
  const due = client.prepare<[number, number], WebhookDelivery>(
    `select ${listed}, body, keys from webhook_deliveries where ${waiting} and next_at <= ? order by next_at limit ?`,
  )
  const keys = client.prepare<[], Pick<WebhookDelivery, 'id' | 'keys'>>(
    `select id, keys from webhook_deliveries where ${waiting} order by next_at`,
  )
  const inOrder = client.prepare<[], Listed>(
    `select ${listed} from webhook_deliveries where ${waiting} order by next_at`,
  )
  const givenUp = client.prepare<[], Listed>(
    `select ${listed} from webhook_deliveries where next_at is null order by id`,
  )
  const toRetry = (now: number) => ({
    sql: 'update webhook_deliveries set next_at = ?, first_at = ?, attempts = 0',
    params: [now, now],
  })

  return {
    ...createWebhookEndpoint({ read, write, writeSoon }),
    ...createWebhookChanges({ read, write, writeSoon }),
    async enable(at) {
      const on = { sql: 'update webhook_endpoint set off_at = null, off_detail = null', params: [] }
      await write([on, toRetry(at)])
    },
    async keep({ id, type, body, keys, attempts, firstAt, nextAt, lastError }, told) {
      await write([
        {
          sql: `insert into webhook_deliveries (id, type, body, keys, attempts, first_at, next_at, last_error)
values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
          params: [id, type, body, keys, attempts, firstAt, nextAt, lastError],
        },
        toDrop(told),
      ])
    },
    async findDue(now, limit) {
      return due.all(now, limit)
    },
    async findWaiting() {
      return keys.all()
    },
    async recordTry({ id, attempts, firstAt, nextAt, lastError }) {
      await write([
        {
          sql: 'update webhook_deliveries set attempts = ?, first_at = ?, next_at = ?, last_error = ? where id = ?',
          params: [attempts, firstAt, nextAt, lastError, id],
        },
      ])
    },
    async drop(id) {
      await writeSoon([{ sql: 'delete from webhook_deliveries where id = ?', params: [id] }])
    },
    async hasten(now) {
      const sql = `update webhook_deliveries set next_at = ? where ${waiting}`
      await write([{ sql, params: [now] }])
    },
    retryAll: (now) => countChanged(write, [toRetry(now)]),
    async list() {
      return [...inOrder.all(), ...givenUp.all()]
    },
    purge: (before, limit) =>
      countChanged(write, [
        {
          sql: `delete from webhook_changes where n in (
select n from (select n, at from webhook_changes order by n limit ?) where at < ?)`,
          params: [limit, before],
        },
        {
          sql: 'delete from webhook_deliveries where next_at is null and first_at < ?',
          params: [before],
        },
      ]),
  }
}

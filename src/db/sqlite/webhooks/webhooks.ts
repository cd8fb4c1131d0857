import { finalStatuses } from '../../../push/status.ts'
import { toRanges, type WebhookChange, type WebhookDelivery, type Webhooks } from '../../webhooks/webhooks.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { repeatSql, sliceSql } from './repeat.ts'

/** Records told again in one transaction, so that those who send need not wait long for theirs. */
const repeatedAtOnce = 1_000

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
  const endpoint = client.prepare<
    [],
    { offAt: number | null; offDetail: string | null; succeededAt: number | null }
  >(
    'select off_at as offAt, off_detail as offDetail, succeeded_at as succeededAt from webhook_endpoint where id = 1',
  )
  const changes = client.prepare<[number, number], WebhookChange>(
    `select n, type, appid, key, data, created_at as createdAt, sent_at as sentAt, finished_at as finishedAt, at
from webhook_changes where n > ? order by n limit ?`,
  )
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
  const slice = client.prepare<[string, string, number, number], { finishedAt: number }>(sliceSql)
  const toDrop = (gone: readonly Pick<WebhookChange, 'n'>[]) => ({
    sql: 'delete from webhook_changes where n between ? and ?',
    rows: toRanges(gone),
  })
  const toRetry = (now: number) => ({
    sql: 'update webhook_deliveries set next_at = ?, first_at = ?, attempts = 0',
    params: [now, now],
  })

  return {
    async turnOn() {
      if (endpoint.get()) return
      await write([
        { sql: 'insert into webhook_endpoint (id) values (1) on conflict do nothing', params: [] },
      ])
    },
    async turnOff() {
      if (endpoint.get()) await write([{ sql: 'delete from webhook_endpoint', params: [] }])
    },
    async findEndpoint() {
      return endpoint.get()
    },
    async recordSuccess(at) {
      await writeSoon([{ sql: 'update webhook_endpoint set succeeded_at = ?', params: [at] }])
    },
    async switchOff(at, detail) {
      await write([{ sql: 'update webhook_endpoint set off_at = ?, off_detail = ?', params: [at, detail] }])
    },
    async enable(at) {
      const on = { sql: 'update webhook_endpoint set off_at = null, off_detail = null', params: [] }
      await write([on, toRetry(at)])
    },
    async findChanges(after, limit) {
      return changes.all(after, limit)
    },
    async dropChanges(gone) {
      await writeSoon([toDrop(gone)])
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
    retryAll: (now) => countChanged(write, [toRetry(now)]),
    async list() {
      return [...inOrder.all(), ...givenUp.all()]
    },
    async repeat(appid, since) {
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

import type { WebhookEndpoint, Webhooks } from '../../webhooks/webhooks.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'
import { toCreateTrigger, triggers } from './triggers.ts'

/** Whether outcomes are stored to be told, and posted. */
export function createWebhookEndpoint({
  read,
  write,
  writeSoon,
}: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>): Pick<
  Webhooks,
  'turnOn' | 'turnOff' | 'findEndpoint' | 'recordSuccess' | 'switchOff'
> {
  const endpoint = read.$client.prepare<[], WebhookEndpoint>(
    'select off_at as offAt, off_detail as offDetail, succeeded_at as succeededAt from webhook_endpoint where id = 1',
  )
  const told = read.$client.prepare<[], { name: string; sql: string }>(
    "select name, sql from sqlite_master where type = 'trigger'",
  )

  return {
    async turnOn() {
      const known = new Map(told.all().map(({ name, sql }) => [name, sql]))
      const changed = Object.keys(triggers).filter((name) => known.get(name) !== toCreateTrigger(name))
      if (endpoint.get() && changed.length === 0) return
      await write([
        { sql: 'insert into webhook_endpoint (id) values (1) on conflict do nothing', params: [] },
        ...changed.flatMap((name) => [toDropTrigger(name), { sql: toCreateTrigger(name), params: [] }]),
      ])
    },
    async turnOff() {
      if (!endpoint.get()) return
      const endings = Object.keys(triggers).map(toDropTrigger)
      await write([{ sql: 'delete from webhook_endpoint', params: [] }, ...endings])
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
  }
}

function toDropTrigger(name: string): Statement {
  return { sql: `DROP TRIGGER IF EXISTS ${name}`, params: [] }
}

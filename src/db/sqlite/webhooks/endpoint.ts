import type { WebhookEndpoint, Webhooks } from '../../webhooks/webhooks.ts'
import type { SqliteDatabase } from '../engine/open.ts'

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
  }
}

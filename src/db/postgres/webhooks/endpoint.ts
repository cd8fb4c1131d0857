import type { WebhookEndpoint, Webhooks } from '../../webhooks/webhooks.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { webhookEndpoint } from './tables.ts'

const findSql = `select ${selectList(webhookEndpoint)} from webhook_endpoint where id = 1`

/** Whether outcomes are stored to be told, and posted. */
export function createWebhookEndpoint({
  query,
  write,
  writeSoon,
  clock: { toServer, fromServer },
}: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon' | 'clock'>): Pick<
  Webhooks,
  'turnOn' | 'turnOff' | 'findEndpoint' | 'recordSuccess' | 'switchOff'
> {
  const once = (sql: string, ...params: unknown[]) => write([{ sql, params }])

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
  }
}

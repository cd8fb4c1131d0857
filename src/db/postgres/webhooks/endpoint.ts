import type { WebhookEndpoint, Webhooks } from '../../webhooks/webhooks.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { type Statement, selectList } from '../engine/statement.ts'
import { webhookEndpoint } from './tables.ts'

const findSql = `select ${selectList(webhookEndpoint)} from webhook_endpoint where id = 1`
/** What stores every change that is to be told; enabled only while somebody wants to be told. */
const triggers = {
  pushes: ['pushes_told_added', 'pushes_told_changed'],
  account_state: ['account_told_added', 'account_told_changed'],
  sync_runs: ['sync_told'],
  broadcasts: ['broadcast_told'],
  broadcast_recipients: ['broadcast_recipients_told'],
}
const enabledSql = `select count(*)::int as enabled from pg_trigger
where tgenabled <> 'D' and tgname like '%\\_told%' and tgrelid in (${Object.keys(triggers)
  .map((table) => `'${table}'::regclass`)
  .join(', ')})`

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
      const [known] = await query<{ enabled: number }>(enabledSql)
      if ((await findEndpoint()) && known?.enabled === Object.values(triggers).flat().length) return
      await write([
        { sql: 'insert into webhook_endpoint (id) values (1) on conflict do nothing', params: [] },
        ...toSwitches('enable'),
      ])
    },
    async turnOff() {
      if (!(await findEndpoint())) return
      await write([{ sql: 'delete from webhook_endpoint', params: [] }, ...toSwitches('disable')])
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

function toSwitches(action: 'enable' | 'disable'): Statement[] {
  return Object.entries(triggers).map(([table, names]) => ({
    sql: `alter table ${table} ${names.map((name) => `${action} trigger ${name}`).join(', ')}`,
    params: [],
  }))
}

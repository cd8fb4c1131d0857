import type { Account } from '../account.ts'
import type { Config } from '../base/config.ts'
import type { Metrics } from '../base/monitoring/metrics.ts'
import type { Runtime } from '../runtime.ts'
import { startWebhookSender, webhookLease } from '../webhooks/sender.ts'

interface WebhookRoleDeps extends Pick<Runtime, 'database' | 'log'> {
  metrics: Pick<Metrics, 'webhookEnded'>
  accounts(): readonly Pick<Account, 'appid' | 'name' | 'alerts'>[]
}

/** Posts what is to be told, in one process of all, until the returned function is called. */
export async function startWebhooks(
  { webhook, proxy, language }: Pick<Config, 'webhook' | 'proxy' | 'language'>,
  { database, log, metrics, accounts }: WebhookRoleDeps,
): Promise<() => Promise<void>> {
  const webhooks = database.webhooks()
  const leases = database.leases()
  if (!webhook) {
    const lease = await leases.find(webhookLease)
    // Another process that runs wants to tell; this one was started without its settings.
    if (lease && lease.until > Date.now()) {
      log.warn({ owner: lease.owner }, 'WEBHOOK_URL is not set here, and is in another process')
    } else await webhooks.turnOff()
    return async () => {}
  }
  return startWebhookSender(webhook, {
    webhooks,
    leases,
    proxy,
    language,
    log,
    nameOf: (appid) => accounts().find((account) => account.appid === appid)?.name ?? appid,
    count: metrics.webhookEnded,
    // Once: all accounts have one endpoint.
    onOff: (detail) => accounts()[0]?.alerts.post({ kind: 'webhook_off', detail }),
  })
}

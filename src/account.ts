import type { AccountName } from './base/accounts/accountName.ts'
import type { AtLeastOne } from './base/accounts/accountsSchema.ts'
import type { AccountConfig, AccountSettings, Config } from './base/config.ts'
import type { Log } from './base/log.ts'
import { createReleasers } from './base/releasers.ts'
import { toEnglish } from './base/sentences/sentence.ts'
import type { AccountState } from './db/accountState.ts'
import type { Broadcasts } from './db/broadcasts/broadcasts.ts'
import type { Followers } from './db/followers.ts'
import type { HeldPushes } from './db/heldPushes.ts'
import type { Leases } from './db/leases/leases.ts'
import type { OpenCircuits } from './db/openCircuits.ts'
import type { PushRows } from './db/pushes.ts'
import type { SyncRuns } from './db/syncRuns.ts'
import type { TemplatePauses, Templates } from './db/templates.ts'
import { type Alerts, createAlerts } from './health/alerts.ts'
import { findKeywordFaults } from './operations/enqueue/keywords.ts'
import { createQueuedPushes, type QueuedPushes } from './operations/queuedPushes.ts'
import { createProducer, type Producer } from './push/producer.ts'
import type { ProducerQueue } from './queue/producerQueue.ts'
import { openQueueRuntime, type QueueRuntime } from './runtime.ts'
import {
  createTemplateCheck,
  refreshTemplates,
  type TemplateCheck,
} from './sending/templates/templateCheck.ts'
import { createSyncAlerts } from './sync/syncAlerts.ts'
import { type SyncOptions, type SyncResult, syncFollowers } from './sync/syncFollowers.ts'
import { createWechatApi, type WechatApi } from './wechat/api.ts'
import { createTokenSource, type TokenSource } from './wechat/token.ts'

/** One service account: what is on record of it, and the ways to WeChat and to its queue. It runs nothing by itself. */
export interface Account {
  /** What people call it, and answers and log lines with them. */
  readonly name: string
  readonly appid: string
  readonly config: AccountSettings
  readonly log: Log
  readonly runtime: QueueRuntime
  readonly api: WechatApi
  readonly tokens: TokenSource
  readonly followers: Followers
  readonly pushes: PushRows
  readonly broadcasts: Broadcasts
  readonly held: HeldPushes
  /** Pushes that wait in the queue, those without a record in `pushes` included. */
  readonly queued: QueuedPushes
  readonly syncRuns: SyncRuns
  readonly templates: Templates
  readonly templatePauses: TemplatePauses
  /** What the listed templates tell of a message. */
  readonly templateCheck: Pick<TemplateCheck, 'findMissingKeywords'>
  readonly accountState: AccountState
  /** What keeps its workers from sending just now. */
  readonly openCircuits: OpenCircuits
  readonly leases: Leases
  readonly alerts: Pick<Alerts, 'post'>
  /** For callers who would rather be told no than wait. */
  openQueue(): ProducerQueue
  /** Pushes over that queue. */
  openProducer(): Producer
  /** Makes the templates equal to WeChat's list. */
  refreshTemplates(): Promise<void>
  /** One follower sync. */
  sync(options: AccountSyncOptions): Promise<SyncResult>
  close(): Promise<void>
}

export type AccountSyncOptions = Pick<
  SyncOptions,
  'full' | 'force' | 'signal' | 'onBegin' | 'onProgress' | 'onWait'
>

/** Neither WeChat nor the queue is called yet. */
export function createAccount(runtime: QueueRuntime, config: AccountSettings): Account {
  const { database, client, producer } = runtime
  const { name, appid, secret } = config
  const log = runtime.log.child({ account: name })
  const releasers = createReleasers()

  const followers = database.followers(appid)
  const pushes = database.pushes(appid)
  const held = database.heldPushes(appid)
  const broadcasts = database.broadcasts(appid)
  const syncRuns = database.syncRuns(appid)
  const templates = database.templates(appid)
  const leases = database.leases()
  const alerts = createAlerts({
    account: toLabel(config),
    url: config.alertWebhookUrl,
    language: config.alertLanguage,
    proxy: config.proxy,
    log,
  })
  releasers.add(() => alerts.close())
  const tokens = createTokenSource({ appid, secret, client, store: database.tokens(), log })
  const api = createWechatApi({ client, tokens })
  const templateCheck = createTemplateCheck({ appid, api, templates, leases, log })
  const tellOfSync = createSyncAlerts({
    syncRuns,
    post: alerts.post,
    tell: (error) =>
      database.webhooks().tell({
        ...{ type: 'sync.failed', appid, at: Date.now() },
        data: JSON.stringify({ runId: null, status: 'failed', error }),
      }),
  })

  let queue: ProducerQueue | undefined
  function openQueue(): ProducerQueue {
    if (queue !== undefined) return queue
    const opened = producer.openQueue(appid)
    releasers.add(() => opened.close())
    queue = opened
    return queue
  }

  const accountState = database.accountState(appid)
  return {
    name,
    appid,
    config,
    log,
    runtime,
    api,
    tokens,
    followers,
    pushes,
    broadcasts,
    held,
    queued: createQueuedPushes({ appid, openQueue, pushes, accountState }),
    syncRuns,
    templates,
    templatePauses: database.templatePauses(appid),
    templateCheck,
    accountState,
    openCircuits: database.openCircuits(appid),
    leases,
    alerts,
    openQueue,
    openProducer() {
      const known = { name, appid, templateCheck }
      return createProducer([known], openQueue, toEnglish, (to) => findKeywordFaults([known], to))
    },
    refreshTemplates: () => refreshTemplates({ api, templates }),
    sync(options) {
      const { syncConcurrency: concurrency, syncRefreshDays: refreshDays } = config
      const deps = { api, followers, syncRuns, leases, log }
      return tellOfSync(() => syncFollowers(deps, { appid, concurrency, refreshDays, ...options }))
    },
    close: releasers.close,
  }
}

/** All accounts on a runtime of their own, for a process that asks or changes something and runs no role. */
export async function openAccounts(
  config: Config,
  log: Log,
): Promise<{ accounts: AtLeastOne<Account>; runtime: QueueRuntime; close(): Promise<void> }> {
  const runtime = await openQueueRuntime(config, log)
  const [first, ...others] = config.accounts
  const open = (own: AccountConfig) => createAccount(runtime, { ...config, ...own })
  const accounts: AtLeastOne<Account> = [open(first), ...others.map(open)]
  return {
    accounts,
    runtime,
    async close() {
      await Promise.all(accounts.map((account) => account.close()))
      await runtime.close()
    },
  }
}

/** For people who know an account by its AppID alone too. */
function toLabel({ name, appid }: AccountName): string {
  return name === appid ? appid : `${name} (${appid})`
}

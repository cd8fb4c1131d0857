import type { Config } from './base/config.ts'
import { day } from './base/duration.ts'
import type { Log } from './base/log.ts'
import { startCallback } from './callback/callback.ts'
import { createCallbackPurge } from './callback/purge.ts'
import { type AccountState, createAccountState } from './db/sqlite/accountState.ts'
import { openDatabase } from './db/sqlite/engine/open.ts'
import { createFollowers, type Followers } from './db/sqlite/followers/followers.ts'
import { createHeldPushes, type HeldPushes } from './db/sqlite/heldPushes.ts'
import { createLeases } from './db/sqlite/leases.ts'
import { createPushes, type PushRows } from './db/sqlite/pushes.ts'
import { createFindSessionUser, createSessions } from './db/sqlite/sessions.ts'
import { createSyncRuns, type SyncRuns } from './db/sqlite/syncRuns.ts'
import { createTemplates, type Templates } from './db/sqlite/templates.ts'
import { createTokenStore } from './db/sqlite/tokens.ts'
import { createUsers } from './db/sqlite/users.ts'
import { type Alerts, createAlerts } from './health/alerts.ts'
import { callbackRoutes } from './http/callbackRoutes.ts'
import { miniprogramRoutes } from './http/miniprogramRoutes.ts'
import { startHttpServer } from './http/server.ts'
import { createIdentity } from './identity/identity.ts'
import { startControlServer } from './operations/controlServer.ts'
import { createQueuedPushes, type QueuedPushes } from './operations/queuedPushes.ts'
import { resend } from './operations/resend.ts'
import { openProducerQueue, type ProducerQueue } from './queue/producerQueue.ts'
import { openWorkerQueue } from './queue/workerQueue.ts'
import { refreshTemplates } from './sending/templateCheck.ts'
import { createPushWorker } from './sending/worker.ts'
import { startCron } from './sync/cron.ts'
import { createUnionidSettler } from './sync/settleUnionid.ts'
import { type SyncOptions, type SyncResult, syncFollowers } from './sync/syncFollowers.ts'
import { createSyncNews } from './sync/syncNews.ts'
import { createWechatApi, type WechatApi } from './wechat/api.ts'
import { createClient } from './wechat/client.ts'
import { createTokenSource, type TokenSource } from './wechat/token.ts'
import { createGotTransport } from './wechat/transport/gotTransport.ts'
import { createUndiciTransport } from './wechat/transport/undiciTransport.ts'

/** The program for one account. What it does is up to its caller; whoever builds it closes it. */
export interface App {
  readonly config: Config
  readonly log: Log
  readonly api: WechatApi
  readonly tokens: TokenSource
  readonly followers: Followers
  readonly pushes: PushRows
  readonly held: HeldPushes
  /** Pushes that wait in the queue, those without a record in `pushes` included. */
  readonly queued: QueuedPushes
  readonly syncRuns: SyncRuns
  readonly templates: Templates
  readonly accountState: AccountState
  readonly alerts: Pick<Alerts, 'post'>
  /** For callers who would rather be told no than wait. */
  openQueue(): ProducerQueue
  /** Makes the templates equal to WeChat's list. */
  refreshTemplates(): Promise<void>
  /** One follower sync. */
  sync(options: AppSyncOptions): Promise<SyncResult>
  /** Resolves when the worker takes jobs; until `close` it sends what is queued. */
  startWorker(): Promise<void>
  /** Whether there is anything to serve over HTTP: WeChat's message push, the login of the mini-program, or both. */
  readonly hasHttp: boolean
  /** Resolves when it listens, with its URL; until `close` it serves what is configured. Rejects with a sentence. */
  startHttp(): Promise<string>
  /** Syncs, refreshes the token and purges on time, until `close`. */
  startCron(): void
  /** Ends what runs in good order; what was opened last is closed first. */
  close(): Promise<void>
}

type AppSyncOptions = Pick<SyncOptions, 'full' | 'force' | 'signal' | 'onProgress' | 'onWait'>

/**
 * Builds everything from the configuration. Nothing runs yet, and neither WeChat nor the queue is called.
 * Rejects with a DatabaseError.
 */
export async function createApp(config: Config, log: Log): Promise<App> {
  const { appid, secret } = config.account
  const releasers: (() => Promise<void>)[] = []

  const database = await openDatabase({ path: config.databasePath, log })
  releasers.push(() => database.close())
  const followers = createFollowers(database, appid)
  const pushes = createPushes(database, appid)
  const held = createHeldPushes(database, pushes, appid)
  const syncRuns = createSyncRuns(database, appid)
  const templates = createTemplates(database, appid)
  const accountState = createAccountState(database, appid)
  const leases = createLeases(database)
  const alerts = createAlerts({ account: appid, url: config.alertWebhookUrl, proxy: config.proxy, log })
  releasers.push(() => alerts.close())

  const client = createClient({
    bases: config.apiBases,
    transport: createGotTransport(config),
    hotTransport: createUndiciTransport(config),
    log,
  })
  releasers.push(() => client.close())
  const tokens = createTokenSource({ appid, secret, client, store: createTokenStore(database), log })
  const api = createWechatApi({ client, tokens })

  let producerQueue: ProducerQueue | undefined
  function openQueue(): ProducerQueue {
    if (producerQueue !== undefined) return producerQueue
    const queue = openProducerQueue(config.queue, appid)
    releasers.push(() => queue.close())
    producerQueue = queue
    return queue
  }

  const tellOfSync = createSyncNews({ syncRuns, post: alerts.post })
  async function sync(options: AppSyncOptions): Promise<SyncResult> {
    const { syncConcurrency: concurrency, syncRefreshDays: refreshDays } = config
    const deps = { api, followers, syncRuns, leases, log }
    return tellOfSync(() => syncFollowers(deps, { appid, concurrency, refreshDays, ...options }))
  }

  async function syncAll(options: AppSyncOptions): Promise<SyncResult> {
    const result = await sync(options)
    if (result.status === 'complete') {
      await refreshTemplates({ api, templates }).catch((error) =>
        log.warn({ err: error }, 'templates could not be listed'),
      )
    }
    return result
  }

  async function resendPush(id: string): Promise<void> {
    const row = await pushes.find(id)
    if (row) await resend({ queue: openQueue(), pushes }, [row])
  }

  /** What is kept for a while besides pushes and sync runs. */
  function createPurges(): (() => Promise<unknown>)[] {
    const unfollowedDays = config.purgeUnfollowedDays
    const purges: (() => Promise<unknown>)[] = [
      createCallbackPurge(database, { appid, unfollowedDays }),
      () => held.expire(Date.now()),
    ]
    if (config.miniProgram) {
      const sessions = createSessions(database, config.miniProgram.appid)
      const users = createUsers(database, config.miniProgram.appid)
      purges.push(
        () => sessions.purge(Date.now()),
        () => users.purge({ before: Date.now() - unfollowedDays * day, now: Date.now() }),
      )
    }
    return purges
  }

  return {
    config,
    log,
    api,
    tokens,
    followers,
    pushes,
    held,
    queued: createQueuedPushes({ appid, openQueue, pushes }),
    syncRuns,
    templates,
    accountState,
    alerts,
    openQueue,
    refreshTemplates: () => refreshTemplates({ api, templates }),
    sync,
    async startWorker() {
      const queue = await openWorkerQueue(config.queue, appid, log, ({ kind, sentence }) => {
        if (kind === 'full') alerts.post({ kind: 'queue_full', detail: sentence })
      })
      releasers.push(() => queue.close())
      const findSessionUser = createFindSessionUser(database)
      const worker = createPushWorker(
        {
          appid,
          queue,
          pushes,
          held,
          findSessionUser,
          followers,
          settleUnionid: createUnionidSettler({ followers, ask: api.getFollower, log, now: Date.now }),
          templates,
          accountState,
          leases,
          api,
          startControlServer: (onError) => startControlServer({ appid, queue, pushes, onError }),
          onPauseChange: alerts.post,
          log,
        },
        { concurrency: config.pushConcurrency, attempts: config.pushAttempts, rate: config.pushRate },
      )
      releasers.push(() => worker.stop())
      await worker.start()
    },
    hasHttp: config.callback !== undefined || config.miniProgram !== undefined,
    async startHttp() {
      const { miniProgram } = config
      const accounts = [config.callback && { appid, ...config.callback }, config.miniProgramCallback].filter(
        (account) => account !== undefined,
      )
      const callback =
        accounts.length > 0 &&
        startCallback({
          appid,
          accounts,
          db: database,
          api,
          followers,
          resend: config.retrySystemFailed ? resendPush : undefined,
          log,
        })
      if (callback) releasers.push(() => callback.close())
      const identity =
        miniProgram && createIdentity({ account: miniProgram, db: database, client, followers, log }, config)
      const server = await startHttpServer({
        ...config.http,
        log,
        async routes(http) {
          if (callback) await http.register(callbackRoutes, callback)
          if (identity) await http.register(miniprogramRoutes, { identity, log, ...config })
        },
      })
      releasers.push(() => server.close())
      return server.url
    },
    startCron() {
      const cron = startCron(
        { tokens, sync: syncAll, followers, syncRuns, pushes, purges: createPurges(), leases, log },
        { appid, syncCron: config.syncCron, timezone: config.timezone, historyDays: config.historyDays },
      )
      releasers.push(() => cron.stop())
    },
    async close() {
      for (const release of releasers.splice(0).reverse()) await release()
    },
  }
}

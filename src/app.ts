import { type Account, createAccount } from './account.ts'
import type { AtLeastOne } from './base/accounts/accountsSchema.ts'
import type { AccountConfig, AccountSettings, Config } from './base/config.ts'
import type { Log } from './base/log.ts'
import { createMetrics, type Metrics } from './base/monitoring/metrics.ts'
import { findTracing, startTracing } from './base/monitoring/tracing.ts'
import { createReleasers } from './base/releasers.ts'
import type { Language } from './base/sentences/language.ts'
import { toStored } from './base/sentences/stored.ts'
import { holdServiceLease } from './db/leases/serviceLease.ts'
import { loadDoctor } from './operations/doctor/run.ts'
import type { Danger } from './queue/backend.ts'
import { connectWorker, type WorkerConnection } from './queue/workerQueue.ts'
import { countAccount, countTokens } from './roles/countedAccount.ts'
import { startAccountCron } from './roles/cron.ts'
import { createHttpRole, hasHttp } from './roles/http.ts'
import { createMonitoring, startMonitoringServer } from './roles/monitoring.ts'
import { type AccountChanges, createRunningAccounts } from './roles/runningAccounts.ts'
import { traceAccount } from './roles/tracedAccount.ts'
import { startWebhooks } from './roles/webhooks.ts'
import { createAccountWorker } from './roles/worker.ts'
import { openQueueRuntime, type QueueRuntime } from './runtime.ts'
import { createUndiciTransport } from './wechat/transport/undiciTransport.ts'

/** The program: its roles, each over all accounts. What it does is up to its caller; whoever builds it closes it. */
export interface App {
  readonly log: Log
  /** Those it has just now. */
  accounts(): readonly Account[]
  /** Resolves when the workers take jobs; until `close` they send what is queued. */
  startWorker(): Promise<void>
  /** Whether there is anything to serve over HTTP. */
  hasHttp(): boolean
  /** Resolves when it listens, with its URL; until `close` it serves what is configured. Rejects with a sentence. */
  startHttp(): Promise<string>
  /**
   * Until `close`, and after all else, answers for the health of a process that serves nothing over HTTP. Resolves with
   * the URL when it listens, undefined = METRICS_PORT is not set. Rejects with a sentence.
   */
  startHealth(): Promise<string | undefined>
  /** Syncs, refreshes the tokens and purges on time, until `close`. */
  startCron(): Promise<void>
  /**
   * Makes the accounts these: who comes starts in every role that runs, who leaves finishes what is in flight, whose
   * settings changed does both, and the others do not notice. Resolves when nothing of the old is left.
   */
  changeAccounts(
    accounts: AtLeastOne<AccountConfig>,
    onChange?: (changes: AccountChanges) => void,
  ): Promise<void>
  /** Ends what runs in good order; what was opened last is closed first. */
  close(): Promise<void>
}

/**
 * Builds everything from the configuration. Nothing runs yet, and neither WeChat nor the queue is called.
 * Rejects with a DatabaseError.
 */
export async function createApp(config: Config, log: Log): Promise<App> {
  const releasers = createReleasers()
  const metrics = createMetrics()
  releasers.add(startTraces(config, log))
  const runtime = await openQueueRuntime(config, log, createUndiciTransport)
  releasers.add(() => runtime.close())
  try {
    releasers.add(await holdServiceLease(runtime.database, log))
  } catch (error) {
    await releasers.close()
    throw error
  }
  let closeHealth = async () => {}
  releasers.add(() => closeHealth())
  let connection: WorkerConnection | undefined
  // Closed after the workers of all accounts, whenever those come.
  releasers.add(() => connection?.close())
  const running = createRunningAccounts((own) => openAccount(runtime, { ...config, ...own }, metrics), log)
  for (const own of config.accounts) running.add(own)
  releasers.add(running.close)
  let callsWechat = false
  const monitoring = createMonitoring(metrics, {
    accounts: running.list,
    callsWechat: () => callsWechat,
    key: config.metricsKey,
  })
  const http = createHttpRole(config, { monitoring, running: running.list, runDoctor, log })

  /** On connections of its own, as what is asked is also whether there can be any. */
  async function runDoctor(
    appids: readonly string[],
    ...[checks, language]: [checks: readonly string[], language: Language]
  ) {
    const [first, ...others] = running.list().filter(({ appid }) => appids.includes(appid))
    if (!first) return { ok: true, checks: [] }
    const { openRunning } = await import('./doctor.ts')
    const accounts: AtLeastOne<AccountConfig> = [first.config, ...others.map((other) => other.config)]
    const examined = await openRunning({ ...config, accounts }, log)
    try {
      return await loadDoctor(examined, checks, language)
    } finally {
      await examined.close()
    }
  }

  /** Once: the queues of all accounts are in one place, and the alerts of all go to one. */
  function postDanger({ kind, sentence }: Danger): void {
    if (kind === 'full') running.list()[0]?.alerts.post({ kind: 'queue_full', detail: toStored(sentence) })
  }

  return {
    log,
    accounts: running.list,
    async startWorker() {
      callsWechat = true
      releasers.add(await startWebhooks(config, { ...runtime, metrics, accounts: running.list }))
      const connected = await connectWorker(config.queue, log, postDanger)
      connection = connected
      await running.startRole(async (account, releasers) => {
        const queue = connected.openQueue(account.appid)
        releasers.add(() => queue.close())
        const worker = createAccountWorker(account, queue)
        releasers.add(() => worker.stop())
        await worker.start()
      })
    },
    hasHttp: () => running.list().some((account) => hasHttp(account.config)),
    async startHttp() {
      await running.startRole(http.role)
      const server = await http.listen()
      releasers.add(() => server.close())
      return server.url
    },
    async startHealth() {
      if (config.metricsPort === undefined) return undefined
      const server = await startMonitoringServer(
        { ...config, metricsPort: config.metricsPort },
        monitoring,
        log,
      )
      closeHealth = server.close
      return server.url
    },
    startCron() {
      callsWechat = true
      return running.startRole((account, releasers) => {
        const cron = startAccountCron(account)
        releasers.add(() => cron.stop())
      })
    },
    changeAccounts: (accounts, onChange = () => {}) => running.change(accounts, onChange),
    close: releasers.close,
  }
}

/** Returns what hands over the last of them. Without them all else goes on. */
function startTraces({ queue: { tracing } }: Config, log: Log): () => Promise<void> {
  try {
    if (tracing) startTracing(tracing)
  } catch (error) {
    log.error({ err: error }, 'nothing can be traced')
  }
  return async () => findTracing()?.flush()
}

/** What it does is counted, and traced if anything is. */
function openAccount(runtime: QueueRuntime, config: AccountSettings, metrics: Metrics): Account {
  const counts = metrics.of(config.name)
  const tokens = () => countTokens(runtime.database.tokens(), counts)
  const account = createAccount({ ...runtime, database: { ...runtime.database, tokens } }, config)
  return countAccount(traceAccount(account), counts)
}

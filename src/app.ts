import { type Account, createAccount } from './account.ts'
import type { Config } from './base/config.ts'
import type { Log } from './base/log.ts'
import { createReleasers } from './base/releasers.ts'
import type { Danger } from './queue/backend.ts'
import { connectWorker, type WorkerConnection } from './queue/workerQueue.ts'
import { startAccountCron } from './roles/cron.ts'
import { hasHttp, startHttp } from './roles/http.ts'
import { createAccountWorker } from './roles/worker.ts'
import { openQueueRuntime } from './runtime.ts'
import { createUndiciTransport } from './wechat/transport/undiciTransport.ts'

/** The program: its roles, each over all accounts. What it does is up to its caller; whoever builds it closes it. */
export interface App {
  readonly log: Log
  readonly accounts: readonly [Account, ...Account[]]
  /** Resolves when the workers take jobs; until `close` they send what is queued. */
  startWorker(): Promise<void>
  /** Whether there is anything to serve over HTTP. */
  readonly hasHttp: boolean
  /** Resolves when it listens, with its URL; until `close` it serves what is configured. Rejects with a sentence. */
  startHttp(): Promise<string>
  /** Syncs, refreshes the tokens and purges on time, until `close`. */
  startCron(): void
  /** Ends what runs in good order; what was opened last is closed first. */
  close(): Promise<void>
}

/**
 * Builds everything from the configuration. Nothing runs yet, and neither WeChat nor the queue is called.
 * Rejects with a DatabaseError.
 */
export async function createApp(config: Config, log: Log): Promise<App> {
  const releasers = createReleasers()
  const runtime = await openQueueRuntime(config, log, createUndiciTransport)
  releasers.add(() => runtime.close())
  const account = createAccount(runtime, config)
  releasers.add(() => account.close())
  const accounts: App['accounts'] = [account]

  function postDanger({ kind, sentence }: Danger): void {
    if (kind !== 'full') return
    for (const { alerts } of accounts) alerts.post({ kind: 'queue_full', detail: sentence })
  }

  async function startAccountWorker(account: Account, connection: WorkerConnection): Promise<void> {
    const queue = connection.openQueue(account.appid)
    releasers.add(() => queue.close())
    const worker = createAccountWorker(account, queue)
    releasers.add(() => worker.stop())
    await worker.start()
  }

  return {
    log,
    accounts,
    async startWorker() {
      const connection = await connectWorker(config.queue, log, postDanger)
      releasers.add(() => connection.close())
      await Promise.all(accounts.map((account) => startAccountWorker(account, connection)))
    },
    hasHttp: accounts.some((account) => hasHttp(account.config)),
    startHttp: () => startHttp(runtime, config, accounts, releasers),
    startCron() {
      for (const account of accounts) {
        const cron = startAccountCron(account)
        releasers.add(() => cron.stop())
      }
    },
    close: releasers.close,
  }
}

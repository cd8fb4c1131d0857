import { createAccount } from '../../src/account.ts'
import type { QueueConfig } from '../../src/base/config.ts'
import type { Log } from '../../src/base/log.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import type { Stores } from '../../src/db/stores.ts'
import { loadProducer } from '../../src/queue/loadProducer.ts'
import { connectWorker, type WorkerQueue } from '../../src/queue/workerQueue.ts'
import { createAccountWorker } from '../../src/roles/worker.ts'
import type { PushWorkerOptions } from '../../src/sending/worker.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'
import { toOnlyAccount } from './onlyAccount.ts'

const noProxy = { http: undefined, https: undefined, none: undefined }

export interface WorkerWorld {
  appid: string
  secret: string
  base: string
  queue: QueueConfig
  database: Stores
  log: Log
}

/** A worker of one account with everything it needs but the database, as the program puts it together. */
export async function openPushWorker(
  { appid, secret, base, queue, database, log }: WorkerWorld,
  { concurrency = 50, attempts = 8, rate = 0, userLimits }: Partial<PushWorkerOptions> = {},
  adapt: (queue: WorkerQueue) => WorkerQueue = (queue) => queue,
) {
  const client = createWechatClient({
    bases: [base],
    transport: createGotTransport({ proxy: noProxy }),
    hotTransport: createUndiciTransport({ proxy: noProxy }),
    log,
  })
  const account = createAccount(
    { log, database, client, producer: loadProducer(queue), close: client.close },
    {
      ...toOnlyAccount(loadConfig({ WECHAT_APPID: appid, WECHAT_SECRET: secret })),
      pushConcurrency: concurrency,
      pushAttempts: attempts,
      pushRate: rate,
      pushCaps: [...(userLimits?.caps ?? [])],
      quiet: userLimits?.quiet,
    },
  )
  const connection = await connectWorker(queue, log)
  const workerQueue = adapt(connection.openQueue(appid))
  const worker = createAccountWorker(account, workerQueue)
  let stopping: Promise<void> | undefined
  return {
    queue: workerQueue.queue,
    started: worker.start(),
    stop() {
      stopping ??= (async () => {
        await worker.stop()
        await workerQueue.close()
        await connection.close()
        await account.close()
        await client.close()
      })()
      return stopping
    },
  }
}

/** Locks so short that a job of a dead worker is free again after three seconds instead of twenty. */
export function withShortLocks(queue: WorkerQueue): WorkerQueue {
  return {
    ...queue,
    createWorker: (processor, options) =>
      queue.createWorker(processor, { ...options, lockDuration: 2_000, stalledInterval: 1_000 }),
  }
}

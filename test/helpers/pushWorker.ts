import type { QueueConfig } from '../../src/config.ts'
import { createAccountState } from '../../src/db/accountState.ts'
import { createFollowers } from '../../src/db/followers.ts'
import { createHeldPushes } from '../../src/db/heldPushes.ts'
import { createLeases } from '../../src/db/leases.ts'
import type { Database } from '../../src/db/open.ts'
import { createPushes } from '../../src/db/pushes.ts'
import { createFindSessionUser } from '../../src/db/sessions.ts'
import { createTemplates } from '../../src/db/templates.ts'
import { createTokenStore } from '../../src/db/tokens.ts'
import type { Log } from '../../src/log.ts'
import { createPushWorker, type PushWorkerOptions } from '../../src/push/worker.ts'
import { openWorkerQueue, type WorkerQueue } from '../../src/queue/workerQueue.ts'
import { createUnionidSettler } from '../../src/sync/settleUnionid.ts'
import { createWechatApi } from '../../src/wechat/api.ts'
import { createClient } from '../../src/wechat/client.ts'
import { createGotTransport } from '../../src/wechat/gotTransport.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { createUndiciTransport } from '../../src/wechat/undiciTransport.ts'

const noProxy = { http: undefined, https: undefined, none: undefined }

export interface WorkerWorld {
  appid: string
  secret: string
  base: string
  queue: QueueConfig
  database: Database
  log: Log
}

/** A worker of one account with everything it needs but the database, as the program puts it together. */
export async function openPushWorker(
  { appid, secret, base, queue, database, log }: WorkerWorld,
  options: Partial<PushWorkerOptions> = {},
  adapt: (queue: WorkerQueue) => WorkerQueue = (queue) => queue,
) {
  const client = createClient({
    bases: [base],
    transport: createGotTransport({ proxy: noProxy }),
    hotTransport: createUndiciTransport({ proxy: noProxy }),
    log,
  })
  const tokens = createTokenSource({ appid, secret, client, store: createTokenStore(database), log })
  const workerQueue = adapt(await openWorkerQueue(queue, appid, log))
  const pushes = createPushes(database, appid)
  const followers = createFollowers(database, appid)
  const api = createWechatApi({ client, tokens })
  const worker = createPushWorker(
    {
      appid,
      queue: workerQueue,
      pushes,
      held: createHeldPushes(database, pushes, appid),
      findSessionUser: createFindSessionUser(database),
      followers,
      settleUnionid: createUnionidSettler({ followers, ask: api.getFollower, log, now: Date.now }),
      templates: createTemplates(database, appid),
      accountState: createAccountState(database, appid),
      leases: createLeases(database),
      api,
      log,
    },
    { concurrency: 50, attempts: 8, rate: 0, ...options },
  )
  let stopping: Promise<void> | undefined
  return {
    queue: workerQueue.queue,
    started: worker.start(),
    stop() {
      stopping ??= (async () => {
        await worker.stop()
        await workerQueue.close()
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

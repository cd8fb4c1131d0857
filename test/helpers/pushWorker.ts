import type { QueueConfig } from '../../src/base/config.ts'
import type { Log } from '../../src/base/log.ts'
import { createAccountState } from '../../src/db/sqlite/accountState.ts'
import type { Database } from '../../src/db/sqlite/engine/open.ts'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { createHeldPushes } from '../../src/db/sqlite/heldPushes.ts'
import { createLeases } from '../../src/db/sqlite/leases.ts'
import { createPushes } from '../../src/db/sqlite/pushes.ts'
import { createFindSessionUser } from '../../src/db/sqlite/sessions.ts'
import { createTemplates } from '../../src/db/sqlite/templates.ts'
import { createTokenStore } from '../../src/db/sqlite/tokens.ts'
import { startControlServer } from '../../src/operations/controlServer.ts'
import { openWorkerQueue, type WorkerQueue } from '../../src/queue/workerQueue.ts'
import { createPushWorker, type PushWorkerOptions } from '../../src/sending/worker.ts'
import { createUnionidSettler } from '../../src/sync/settleUnionid.ts'
import { createWechatApi } from '../../src/wechat/api.ts'
import { createClient } from '../../src/wechat/client.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'

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
      startControlServer: (onError) => startControlServer({ appid, queue: workerQueue, pushes, onError }),
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

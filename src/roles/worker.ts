import type { Account } from '../account.ts'
import { startControlServer } from '../operations/controlServer.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'
import { createPushWorker, type PushWorker } from '../sending/worker.ts'
import { createUnionidSettler } from '../sync/settleUnionid.ts'

/** Sends what is queued for one account, and answers what producers ask about it. */
export function createAccountWorker(account: Account, queue: WorkerQueue): PushWorker {
  const { name, appid, config, api, followers, pushes, log } = account
  return createPushWorker(
    {
      ...account,
      queue,
      databaseId: account.runtime.database.id,
      findSessionUser: account.runtime.database.sessionUsers(),
      settleUnionid: createUnionidSettler({ followers, ask: api.getFollower, log, now: Date.now }),
      startControlServer: (onError) => startControlServer({ name, appid, queue, pushes, onError }),
      onPauseChange: account.alerts.post,
    },
    { concurrency: config.pushConcurrency, attempts: config.pushAttempts, rate: config.pushRate },
  )
}

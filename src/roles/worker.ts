import type { Account } from '../account.ts'
import { createBroadcastWorker } from '../broadcast/worker.ts'
import type { Followers } from '../db/followers.ts'
import type { Stores } from '../db/stores.ts'
import { startControlServer } from '../operations/controlServer.ts'
import type { Sender } from '../push/sender.ts'
import type { PushQueue } from '../queue/backend.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'
import { createPushWorker, type PushWorker } from '../sending/worker.ts'
import { createUnionidSettler } from '../sync/settleUnionid.ts'

/** Sends what is queued for one account, and answers what producers ask about it. */
export function createAccountWorker(account: Account, queue: WorkerQueue): PushWorker {
  const { name, appid, config, api, followers, pushes, broadcasts, alerts, log } = account
  return createPushWorker(
    {
      ...account,
      queue,
      databaseId: account.runtime.database.id,
      findSessionUser: account.runtime.database.sessionUsers(),
      settleUnionid: createUnionidSettler({ followers, ask: api.getFollower, log, now: Date.now }),
      isFollowed: createFollowLookup(account.runtime.database),
      openQueueOf: account.runtime.producer.openQueue,
      startControlServer: (onError) => startControlServer({ name, appid, queue, pushes, onError }),
      ...(broadcasts && {
        createBroadcastWorker: (sender: Sender, queue: PushQueue) =>
          createBroadcastWorker(
            { ...account, broadcasts, timezone: config.timezone, alert: alerts.post },
            sender,
            queue,
          ),
      }),
      onPauseChange: alerts.post,
    },
    { concurrency: config.pushConcurrency, attempts: config.pushAttempts, rate: config.pushRate },
  )
}

function createFollowLookup({ followers }: Pick<Stores, 'followers'>) {
  const known = new Map<string, Followers>()
  return async (appid: string, unionid: string): Promise<boolean> => {
    const store = known.get(appid) ?? followers(appid)
    known.set(appid, store)
    const found = await store.findRecipient(unionid)
    return found?.subscribed === true && !found.isShared
  }
}

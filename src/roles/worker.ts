import type { Account } from '../account.ts'
import { createBroadcastWorker } from '../broadcast/worker.ts'
import type { Followers } from '../db/followers.ts'
import type { PushRows } from '../db/pushes.ts'
import type { Stores } from '../db/stores.ts'
import { startControlServer } from '../operations/controlServer.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'
import type { OtherAccounts } from '../sending/processor/otherAccounts.ts'
import { createPushWorker, type PushWorker } from '../sending/worker.ts'
import { createUnionidSettler } from '../sync/settleUnionid.ts'

/** Sends what is queued for one account, and answers what producers ask about it. */
export function createAccountWorker(account: Account, queue: WorkerQueue): PushWorker {
  const { name, appid, config, api, followers, pushes, accountState, alerts, log } = account
  return createPushWorker(
    {
      ...account,
      queue,
      databaseId: account.runtime.database.id,
      findSessionUser: account.runtime.database.sessionUsers(),
      settleUnionid: createUnionidSettler({ followers, ask: api.getFollower, log, now: Date.now }),
      otherAccounts: createOtherAccounts(account.runtime.database),
      openQueueOf: account.runtime.producer.openQueue,
      startControlServer: (onError) =>
        startControlServer({ ...{ name, appid, queue, pushes, accountState }, onError }),
      createBroadcastWorker: (sender, queue) =>
        createBroadcastWorker({ ...account, timezone: config.timezone, alert: alerts.post }, sender, queue),
      onPauseChange: alerts.post,
    },
    {
      concurrency: config.pushConcurrency,
      attempts: config.pushAttempts,
      rate: config.pushRate,
      ...toUserLimits(config),
    },
  )
}

/** Nothing where nothing is asked for, so that a push costs no more than it did. */
function toUserLimits({ pushCaps: caps, quiet, timezone }: Account['config']) {
  return caps.length > 0 || quiet !== undefined ? { userLimits: { caps, quiet, timezone } } : {}
}

function createOtherAccounts(database: Pick<Stores, 'followers' | 'pushes'>): OtherAccounts {
  const stores = new Map<string, { followers: Followers; pushes: PushRows }>()
  function at(appid: string) {
    const known = stores.get(appid) ?? {
      followers: database.followers(appid),
      pushes: database.pushes(appid),
    }
    stores.set(appid, known)
    return known
  }
  return {
    async isFollowed(appid, unionid) {
      const found = await at(appid).followers.findRecipient(unionid)
      return found?.subscribed === true && !found.isShared
    },
    hasPush: async (appid, id) => (await at(appid).pushes.find(id)) !== undefined,
  }
}

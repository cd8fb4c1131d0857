import type { Account } from '../account.ts'
import { day } from '../base/duration.ts'
import { createCallbackPurge } from '../callback/purge.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import { purgeAll, purgeLimit } from '../db/purge.ts'
import { askIntercepted } from '../sync/askIntercepted.ts'
import { type Cron, type CronDeps, startCron } from '../sync/cron.ts'

/** Syncs one account, refreshes its token and purges, all in time. */
export function startAccountCron(account: Account): Cron {
  const { appid, config } = account
  return startCron(
    {
      ...account,
      sync: (options) => syncAll(account, options),
      askIntercepted: (signal) => askIntercepted(toAsking(account), signal),
      purges: createPurges(account),
    },
    {
      appid,
      syncCron: config.syncCron,
      syncDelay: config.syncDelay,
      timezone: config.timezone,
      historyDays: config.historyDays,
    },
  )
}

function toAsking(account: Account): Parameters<typeof askIntercepted>[0] {
  const { appid, runtime } = account
  const { database } = runtime
  return { ...account, receipts: database.receipts(appid), intercepted: database.intercepted(appid) }
}

const syncAll: (account: Account, ...rest: Parameters<CronDeps['sync']>) => ReturnType<CronDeps['sync']> =
  async ({ sync, refreshTemplates, log }, options) => {
    const result = await sync(options)
    if (result.status === 'complete') {
      await refreshTemplates().catch((error) => log.warn({ err: error }, 'templates could not be listed'))
    }
    return result
  }

/** What is kept for a while besides pushes and sync runs. */
function createPurges({
  appid,
  config,
  held,
  broadcasts,
  runtime: { database },
}: Account): CronDeps['purges'] {
  const webhooks = database.webhooks()
  const intercepted = database.intercepted(appid)
  const { purgeUnfollowedDays: unfollowedDays, miniProgram } = config
  const purges: CronDeps['purges'] = [
    createCallbackPurge(database, { appid, unfollowedDays }),
    () => held.expire(Date.now()),
    () => purgeAll(() => webhooks.purge(Date.now() - config.historyDays * day, purgeLimit)),
    () => purgeAll(() => intercepted.purge(Date.now() - config.historyDays * day, purgeLimit)),
    () => purgeAll(() => database.audit().purge(Date.now() - config.historyDays * day, purgeLimit)),
    () => purgeBroadcasts(broadcasts, config.historyDays),
  ]
  if (miniProgram === undefined) return purges
  const sessions = database.sessions(miniProgram.appid)
  const users = database.users(miniProgram.appid)
  return [
    ...purges,
    () => sessions.purge(Date.now()),
    () => users.purge({ before: Date.now() - unfollowedDays * day, now: Date.now() }),
  ]
}

/** A draft that is a day old was left by a program that died; returns how many rows. */
async function purgeBroadcasts(broadcasts: Broadcasts, historyDays: number): Promise<number> {
  const before = { drafted: Date.now() - day, ended: Date.now() - historyDays * day }
  let purged = 0
  for (;;) {
    const rows = await broadcasts.purge(before)
    purged += rows
    if (rows === 0) return purged
  }
}

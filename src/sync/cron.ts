import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { schedule } from 'node-cron'
import { day, hour } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createOutage, type Outage } from '../base/outage.ts'
import type { Followers } from '../db/followers.ts'
import type { Leases } from '../db/leases/leases.ts'
import { purgeLimit } from '../db/purge.ts'
import type { PushRows } from '../db/pushes.ts'
import type { SyncRuns } from '../db/syncRuns.ts'
import type { TokenSource } from '../wechat/token.ts'
import { holdLease } from './lease.ts'
import { hasMissedSync } from './missedSync.ts'
import { toErrorSentence, toKind } from './sentence.ts'
import type { SyncResult } from './syncFollowers.ts'

export interface CronDeps {
  tokens: Pick<TokenSource, 'refresh'>
  sync: (options: { signal: AbortSignal }) => Promise<SyncResult>
  followers: Pick<Followers, 'hasEverSynced'>
  syncRuns: Pick<SyncRuns, 'findLast' | 'purge'>
  pushes: Pick<PushRows, 'purge'>
  /** Asks WeChat, once a day, what its review kept from users. */
  askIntercepted: (signal: AbortSignal) => Promise<unknown>
  /** Whatever else has to be deleted in time. */
  purges: readonly (() => Promise<unknown>)[]
  leases: Leases
  log: Log
}

export interface CronOptions {
  appid: string
  syncCron: string
  /** Milliseconds after that time. */
  syncDelay?: number
  timezone: string
  /** How long finished pushes and past syncs are kept. */
  historyDays: number
}

export interface Cron {
  /** Schedules nothing more, interrupts a sync, and resolves when nothing runs. */
  stop(): Promise<void>
}

/**
 * Keeps the token fresh, syncs at `syncCron`, asks every morning what was intercepted, and every hour purges and resumes an interrupted sync or makes up for
 * a missed one. The latter at once too, and where the table never saw a complete sync. Each occurrence runs in one process only,
 * however many there are.
 */
export function startCron(
  deps: CronDeps,
  { appid, syncCron, syncDelay = 0, timezone, historyDays }: CronOptions,
): Cron {
  const { tokens, sync, followers, syncRuns, pushes, askIntercepted, purges, leases, log } = deps
  const owner = randomUUID()
  const stopping = new AbortController()
  const { signal } = stopping
  const running = new Set<Promise<void>>()
  const outages = new Map<string, Outage<unknown>>()

  const tasks = [
    plan('token', '* * * * *', async () => void (await tokens.refresh())),
    plan('sync', syncCron, syncLater),
    plan('purge', '7 * * * *', purge),
    plan('resume', '37 * * * *', () => syncIf(isDue)),
    plan('intercepted', '47 6 * * *', async () => void (await askIntercepted(signal))),
  ]
  void perform('resume', () => syncIf(async () => (await isDue()) || !(await followers.hasEverSynced())))

  function plan(name: string, expression: string, work: () => Promise<void>) {
    return schedule(expression, () => perform(name, work), {
      name: `cron ${name} ${appid}`,
      timezone,
      noOverlap: true,
      distributed: true,
      runCoordinator: { shouldRun: (occurrence) => leases.acquire(occurrence, owner, hour) },
      logger: toCronLogger(log),
    })
  }

  /** A failure ends neither the process nor the schedule; it is logged when it begins, changes or ends. */
  async function perform(name: string, work: () => Promise<void>): Promise<void> {
    const outage = outages.get(name) ?? createDutyOutage(name)
    outages.set(name, outage)
    const run = work().then(outage.pass, outage.fail)
    running.add(run)
    await run
    running.delete(run)
  }

  function createDutyOutage(duty: string): Outage<unknown> {
    return createOutage({
      onFail: (error) =>
        log.error({ duty, reason: toErrorSentence(error) }, 'cron task failed, will be retried'),
      onPass: () => log.info({ duty }, 'cron task recovered'),
      toKind,
    })
  }

  async function isDue(): Promise<boolean> {
    const last = await syncRuns.findLast()
    if (last?.status === 'interrupted' || last?.status === 'running') return true
    return hasMissedSync({ syncCron, syncDelay, timezone, syncRuns })
  }

  async function syncLater(): Promise<void> {
    if (syncDelay > 0) await sleep(syncDelay, undefined, { signal }).catch(() => {})
    if (!signal.aborted) await sync({ signal })
  }

  /** Asked under a lease, so that of two processes that start together the second sees what the first has done. */
  async function syncIf(isWanted: () => Promise<boolean>): Promise<void> {
    const lease = await holdLease({ leases, name: `cron resume ${appid}`, log, signal, onWait: () => {} })
    if ('heldBy' in lease) return
    try {
      if (await isWanted()) await sync({ signal })
    } finally {
      await lease.release()
    }
  }

  async function purge(): Promise<void> {
    const before = Date.now() - historyDays * day
    let deleted: number
    do deleted = await pushes.purge(before, purgeLimit)
    while (deleted === purgeLimit && !signal.aborted)
    await syncRuns.purge(before)
    await leases.purge()
    for (const purgeMore of purges) await purgeMore()
  }

  return {
    async stop() {
      stopping.abort()
      await Promise.all(tasks.map((task) => task.destroy()))
      await Promise.all(running)
    },
  }
}

/** node-cron would write to the console. */
function toCronLogger(log: Log) {
  return {
    debug: (message: string | Error) => log.debug(String(message)),
    info: (message: string) => log.debug(message),
    warn: (message: string) => log.warn(message),
    error: (message: string | Error, error?: Error) => log.error({ reason: error?.message }, String(message)),
  }
}

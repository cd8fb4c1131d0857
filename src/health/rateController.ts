import { day, second } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { Log } from '../base/log.ts'
import type { AccountState, AccountStateRow } from '../db/accountState.ts'
import type { PushQueue } from '../queue/backend.ts'
import { createCallMeter } from './callMeter.ts'
import { isStray, type Pace, type PaceSignal, slowDown, speedUp, toWindow } from './rateMath.ts'

/** Sends per second that need no limit any more. */
const unlimited = 10_000
/** WeChat's limits change without a word. */
const memory = day
/** How long the queue may have forgotten the limit, unless it was away meanwhile or more is sent than it allows. */
const renewalInterval = 10 * second

export interface RateController {
  /** Takes up the limit that holds for the account. */
  start(): Promise<void>
  /** The queue may have forgotten the limit: it was away. */
  renew(): void
  /** WeChat answered a send. */
  sent(): void
  /** WeChat refused a send because the account is too fast, or is busy, which it says for that reason too. */
  refused(signal: PaceSignal): void
  /** Whether there is a limit, as far as this process knows by now. */
  isLimited(): boolean
  /** Resolves when no change of the limit is under way. */
  stop(): Promise<void>
}

interface RateControllerDeps {
  queue: Pick<PushQueue, 'setGlobalRateLimit' | 'removeGlobalRateLimit' | 'getJobCounts'>
  state: Pick<AccountState, 'find' | 'slowDown' | 'setRate'>
  /** True in the one process that may raise the limit in this second. */
  mayRaise(): Promise<boolean>
  /** Sends per second that are never exceeded; 0 = none. */
  ceiling: number
  log: Log
}

/**
 * One limit for all workers of an account, kept in the queue itself: it falls at once when WeChat refuses, stays just
 * below what was refused, and tries more now and then. As long as nothing is refused it only counts.
 */
export function createRateController({
  queue,
  state,
  mayRaise,
  ceiling,
  log,
}: RateControllerDeps): RateController {
  const meter = createCallMeter()
  const highest = ceiling > 0 ? ceiling : unlimited
  let slowedAt = 0
  let calm = 0
  const timers: (() => void)[] = []
  const warn = (error: unknown) => log.warn({ err: error }, 'send rate could not be changed')
  const { run, untilIdle } = createChanges(warn)
  let isLimited = ceiling > 0
  let current = ceiling
  const isExcess = createExcessCount()
  const renew = () => run(takeUp)

  return {
    async start() {
      await takeUp()
      // Always: the worker that lowered the pace may be gone when it is to rise again.
      timers.push(
        every(second, () => run(tick), warn),
        every(renewalInterval, renew, warn),
      )
    },
    renew,
    sent() {
      meter.count(true)
      if (current > 0 && isExcess(current)) renew()
    },
    refused(signal) {
      meter.count(false)
      // What is refused now was mostly sent before the last change.
      if (Math.abs(Date.now() - slowedAt) >= second) run(() => slow(signal))
    },
    isLimited: () => isLimited,
    async stop() {
      for (const stopTimer of timers.splice(0)) stopTimer()
      await untilIdle()
    },
  }

  async function takeUp(): Promise<void> {
    await apply(toPace(await state.find())?.limit)
  }

  async function slow(signal: PaceSignal): Promise<void> {
    const calls = meter.read()
    if (signal === 'busy' && isStray(calls)) return
    const before = toPace(await state.find())
    const pace = slowDown(before, calls, signal)
    const limit = Math.min(pace.limit, highest)
    slowedAt = Date.now()
    calm = 0
    const isFirst = await state.slowDown({
      rate: limit,
      refusedRate: pace.refused ?? null,
      at: slowedAt,
      apart: second,
    })
    if (!isFirst) return
    await apply(limit)
    if (before && limit >= before.limit) return
    const level = before && pace.refused !== undefined ? 'info' : 'warn'
    log[level]({ limit: Math.round(limit) }, 'send rate lowered')
  }

  async function tick(): Promise<void> {
    const row = await state.find()
    const pace = toPace(row)
    // Another process may have met it, or seen its end.
    isLimited = ceiling > 0 || pace !== undefined
    if (!pace) return
    const refusedAt = row?.refusedAt ?? 0
    const isOld = Date.now() - refusedAt > memory
    // Only a limit that holds something up can be tried out. In this order, so that a worker with nothing to do keeps no
    // other from it.
    if (!isOld && !(meter.read().inSecond.all > 0 && (await hasWaitingJobs(queue)))) return
    if (!(await mayRaise())) return
    if (refusedAt !== slowedAt) calm = 0
    slowedAt = refusedAt
    const limit = speedUp(pace, ++calm)
    const isOver = limit >= highest || isOld
    const rate = isOver ? null : limit
    // Another process may have slowed down since the row was read.
    if (rate !== pace.limit && !(await state.setRate(rate, row?.refusedAt ?? null))) return
    await apply(rate ?? undefined)
    if (isOver) log.info({ limit: ceiling || 'none' }, 'send rate no longer lowered')
  }

  function apply(limit: number | undefined): Promise<void> {
    const lowest = limit === undefined || limit >= highest ? ceiling : limit
    isLimited = lowest > 0
    current = lowest
    return setLimit(queue, lowest)
  }
}

/** Windows of the queue do not begin with our seconds, and answers may come in bursts. */
const tolerance = 2

/** Counts sends, and tells the one of a second that no queue with that limit can have let through. */
function createExcessCount() {
  let current = 0
  let sent = 0

  return (limit: number): boolean => {
    const now = Math.floor(Date.now() / second)
    if (now !== current) sent = 0
    current = now
    sent += 1
    return sent === Math.floor(tolerance * Math.max(1, limit)) + 1
  }
}

/** One change at a time; what comes meanwhile comes again in a second. */
function createChanges(onError: (error: unknown) => void) {
  let change: Promise<void> | undefined

  return {
    run(task: () => Promise<void>): void {
      change ??= task()
        .catch(onError)
        .finally(() => {
          change = undefined
        })
    },
    /** Resolves when none is under way. */
    untilIdle: async () => change,
  }
}

function toPace(row: AccountStateRow | undefined): Pace | undefined {
  if (typeof row?.rate !== 'number') return undefined
  return { limit: row.rate, refused: row.refusedRate ?? undefined }
}

/** `0` = none. */
async function setLimit(
  queue: Pick<PushQueue, 'setGlobalRateLimit' | 'removeGlobalRateLimit'>,
  limit: number,
): Promise<void> {
  if (limit === 0) await queue.removeGlobalRateLimit()
  else {
    const { max, duration } = toWindow(limit)
    await queue.setGlobalRateLimit(max, duration)
  }
}

async function hasWaitingJobs(queue: Pick<PushQueue, 'getJobCounts'>): Promise<boolean> {
  const { waiting = 0, prioritized = 0 } = await queue.getJobCounts('waiting', 'prioritized')
  return waiting + prioritized > 0
}

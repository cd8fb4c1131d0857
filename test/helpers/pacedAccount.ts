import { vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import type { AccountStateRow } from '../../src/db/accountState.ts'
import { createRateController } from '../../src/health/rateController.ts'
import type { PaceSignal } from '../../src/health/rateMath.ts'
import { createTestLog } from './pushing.ts'

const step = 5

/** Takes a call or refuses it. */
export type HiddenLimit = (now: number) => boolean

interface PacedAccountOptions {
  processes?: number
  /** Pushes a second. */
  demand?: number
  ceiling?: number
  /** How calls are refused. */
  signal?: PaceSignal | undefined
}

/** Needs fake timers. Workers of one account with more to send than it may, on a clock that runs as fast as it can. */
export async function createPacedAccount({
  processes = 1,
  demand = 1_000,
  ceiling = 0,
  signal = 'too_fast',
}: PacedAccountOptions = {}) {
  let row: AccountStateRow | undefined
  let windows: { max: number; duration: number } | undefined
  let used = { count: 0, until: 0 }
  let backlog = 0
  const holder = 0
  const gone = new Set<number>()
  const { log, lines } = createTestLog()
  const toPacing = (process: number) =>
    createRateController({
      queue: {
        setGlobalRateLimit: async (max, duration) => {
          windows = { max, duration }
          return 1
        },
        removeGlobalRateLimit: async () => {
          windows = undefined
          return 1
        },
        getJobCounts: async () => ({ waiting: Math.floor(backlog) }),
      },
      state: {
        find: async () => row,
        async slowDown({ rate, refusedRate, at, apart }) {
          const last = row?.rate == null ? null : row.refusedAt
          if (last !== null && last !== undefined && Math.abs(at - last) < apart) return false
          row = { ...emptyRow, rate, refusedRate, refusedAt: at }
          return true
        },
        async setRate(rate, refusedAt) {
          if (row?.refusedAt !== refusedAt) return false
          row = { ...emptyRow, ...row, rate }
          return true
        },
      },
      mayRaise: async () => process === holder || gone.has(holder),
      ceiling,
      log,
    })
  const pacings = Array.from({ length: processes }, (_, process) => toPacing(process))
  await Promise.all(pacings.map((rateController) => rateController.start()))

  /** BullMQ's limiter: so many jobs, and then none until the window that the first one opened is over. */
  function mayTake(now: number): boolean {
    if (!windows) return true
    if (now >= used.until) used = { count: 0, until: now + windows.duration }
    if (used.count >= windows.max) return false
    used.count += 1
    return true
  }

  return {
    lines,
    rate: () => row?.rate ?? undefined,
    /** The queue loses its settings, as with FLUSHALL. */
    forget() {
      windows = undefined
    },
    /** What became of the calls of so many seconds. */
    async run(seconds: number, limit: HiddenLimit, sends = demand) {
      let accepted = 0
      let refused = 0
      for (const end = Date.now() + seconds * second; Date.now() < end; ) {
        await vi.advanceTimersByTimeAsync(step)
        const now = Date.now()
        backlog = Math.min(backlog + (sends * step) / second, 10 * sends)
        for (let n = 0; backlog >= 1 && mayTake(now); n++) {
          backlog -= 1
          const rateController = pacings.filter((_, process) => !gone.has(process))[
            n % (processes - gone.size)
          ]
          const isAccepted = limit(now)
          if (isAccepted) rateController?.sent()
          else rateController?.refused(signal)
          if (isAccepted) accepted += 1
          else refused += 1
        }
      }
      return { perSecond: accepted / seconds, refusedShare: refused / Math.max(1, accepted + refused) }
    },
    /** The worker that may raise the limit is gone; another one goes on. */
    restart: async () => {
      await pacings[holder]?.stop()
      pacings[holder] = toPacing(holder)
      await pacings[holder]?.start()
    },
    /** WeChat refuses a call of that worker. */
    refuse: (process: number) => pacings[process]?.refused(signal),
    /** A worker is gone, and with it its hold of the right to raise the limit. */
    leave: async (process: number) => {
      gone.add(process)
      await pacings[process]?.stop()
    },
    stop: () => Promise.all(pacings.map((rateController) => rateController.stop())),
  }
}

const emptyRow: AccountStateRow = {
  appid: 'wx',
  pausedReason: null,
  pausedDetail: null,
  pausedSince: null,
  probeAt: null,
  probes: 0,
  rate: null,
  refusedRate: null,
  refusedAt: null,
}

/** So many calls within a window of the clock. */
export function fixedWindow(length: number, most: number): HiddenLimit {
  let window = 0
  let calls = 0
  return (now) => {
    const current = Math.floor(now / length)
    if (current !== window) calls = 0
    window = current
    calls += 1
    return calls <= most
  }
}

/** So many calls within any window of that length. */
export function slidingWindow(length: number, most: number): HiddenLimit {
  const times: number[] = []
  return (now) => {
    while (times[0] !== undefined && times[0] <= now - length) times.shift()
    if (times.length >= most) return false
    times.push(now)
    return true
  }
}

export function tokenBucket(perSecond: number, burst: number): HiddenLimit {
  let tokens = burst
  let last = 0
  return (now) => {
    tokens = Math.min(burst, tokens + ((now - (last || now)) / second) * perSecond)
    last = now
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}

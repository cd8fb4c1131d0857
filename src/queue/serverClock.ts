import { minute, second } from '../base/duration.ts'

/** Two quartz clocks part by a few milliseconds in that time. */
const longestTrust = minute
/** So far the clock here may be set, or this machine have slept, without another question. */
const tolerance = second

/**
 * The clock of the queue's server, by which programs on several machines agree. It is asked now and then and reckoned
 * between: to ask for every push would cost as much as the push.
 */
export interface ServerClock {
  /** Epoch milliseconds, whole; undefined when the server has to be asked first. */
  now(): number | undefined
  ask(): Promise<void>
}

export function createServerClock(getTime: () => Promise<number>): ServerClock {
  let known: { offset: number; askedAt: number; localOffset: number } | undefined

  return {
    now() {
      const at = performance.now()
      if (!known || at - known.askedAt > longestTrust) return undefined
      // What this counts from does not go on while a machine sleeps.
      if (Math.abs(Date.now() - at - known.localOffset) > tolerance) return undefined
      return Math.round(at + known.offset)
    },
    async ask() {
      const before = performance.now()
      const time = await getTime()
      const askedAt = performance.now()
      known = { offset: time - (before + askedAt) / 2, askedAt, localOffset: Date.now() - askedAt }
    },
  }
}

import type { HiddenRate, SimulatedQuotas } from '../options.ts'

export type Quotas = ReturnType<typeof createQuotas>

const shanghaiOffset = 8 * 3_600_000
const day = 86_400_000

interface Counter {
  day: number
  used: number
}

/** Daily quotas of each app, reset at 00:00 Asia/Shanghai. */
export function createQuotas(limits: SimulatedQuotas) {
  const counters = new Map<string, Map<keyof SimulatedQuotas, Counter>>()

  function counterOf(name: keyof SimulatedQuotas, appid: string, at: number): Counter {
    const ofApp = counters.get(appid) ?? new Map<keyof SimulatedQuotas, Counter>()
    const counter = ofApp.get(name) ?? { day: 0, used: 0 }
    counters.set(appid, ofApp.set(name, counter))
    const today = Math.floor((at + shanghaiOffset) / day)
    if (counter.day !== today) {
      counter.day = today
      counter.used = 0
    }
    return counter
  }

  return {
    /** Counts a call; false when the day's quota is used up. */
    take(name: keyof SimulatedQuotas, appid: string, at: number): boolean {
      const counter = counterOf(name, appid, at)
      if (counter.used >= limits[name]) return false
      counter.used++
      return true
    },
    get(name: keyof SimulatedQuotas, appid: string, at: number): { limit: number; used: number } {
      return { limit: limits[name], used: counterOf(name, appid, at).used }
    },
    clear(appid: string): void {
      counters.delete(appid)
    },
  }
}

export type WindowLimit = ReturnType<typeof createWindowLimit>

/** So many calls per window of the clock, as "retry next minute" suggests. */
export function createWindowLimit(windowMs: number, limit: number) {
  let window = -1
  let calls = 0
  return {
    /** Counts a call that passes; false when the window is full. */
    take(at: number): boolean {
      const now = Math.floor(at / windowMs)
      if (now !== window) {
        window = now
        calls = 0
      }
      if (calls >= limit) return false
      calls++
      return true
    },
  }
}

export type RateLimit = ReturnType<typeof createRateLimit>

/** The unpublished limit of template/send; it can change while running. */
export function createRateLimit(initial: HiddenRate) {
  let rate = initial
  let seconds = createWindowLimit(1_000, initial.perSecond ?? Number.POSITIVE_INFINITY)
  let minutes = createWindowLimit(60_000, initial.perMinute ?? Number.POSITIVE_INFINITY)
  return {
    /** The errcode a call over the limit gets, 0 for one that passes. */
    take(at: number): number {
      return seconds.take(at) && minutes.take(at) ? 0 : (rate.errcode ?? 45011)
    },
    get: (): HiddenRate => rate,
    set(next: HiddenRate): void {
      rate = next
      seconds = createWindowLimit(1_000, next.perSecond ?? Number.POSITIVE_INFINITY)
      minutes = createWindowLimit(60_000, next.perMinute ?? Number.POSITIVE_INFINITY)
    },
  }
}

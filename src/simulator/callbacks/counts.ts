import type { CallbackEventName } from './event.ts'

/** acknowledged + dropped = raised + copies once nothing is pending. */
export interface CallbackCounts {
  raised: number
  /** Posted besides by a rule. */
  copies: number
  /** HTTP requests. */
  posts: number
  /** Of them, those that repeat a failed one. */
  retries: number
  acknowledged: number
  dropped: number
}

export interface CallbackStats {
  /** By name of the event. */
  events: Partial<Record<CallbackEventName, CallbackCounts>>
  /** From the start of a post to its end, over the newest 10,000 acknowledged ones; null before the first. */
  latencyMs: { p50: number | null; p99: number | null; max: number | null }
  /** Events raised whose end is open. */
  pending: number
  pauses: number
  /** What was wrong with the latest post that failed. */
  lastProblem: string | null
}

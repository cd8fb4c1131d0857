import { setTimeout as sleep } from 'node:timers/promises'
import { type Backoff, toBackoff } from '../base/backoff.ts'
import { second } from '../base/duration.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import { patience } from './controlClient.ts'
import type { PushRecord } from './record.ts'
import { hasEnded } from './status.ts'

/** What to wait for, besides any other end of the push: that WeChat accepts it, or its receipt. */
export type WaitGoal = 'sent' | 'delivered'

export interface WaitOptions {
  /** Default `sent`. */
  until?: WaitGoal | undefined
  /** Default 30 s. */
  timeoutMs?: number | undefined
}

/** A push has not come as far as it was waited for; it goes on all the same. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  /** The last that is known of it; null = nothing. */
  readonly record: PushRecord | null

  constructor(sentence: string, record: PushRecord | null, cause?: unknown) {
    super(sentence, { cause })
    this.record = record
  }
}

interface WaitDeps {
  find(id: string, patienceMs: number): Promise<PushRecord | null>
  /** How long to wait between two questions, which depends on what they cost. */
  backoff: Backoff
}

/**
 * Asks again and again, because there is nothing that would tell. Rejects with TimeoutError, or
 * with the reason of `signal`.
 */
export async function waitForPush(
  { find, backoff }: WaitDeps,
  id: string,
  { until = 'sent', timeoutMs = 30 * second }: WaitOptions,
  signal: AbortSignal,
): Promise<PushRecord> {
  const deadline = Date.now() + timeoutMs
  let record: PushRecord | null | undefined
  let failure: QueueUnavailableError | undefined
  for (let tries = 1; ; tries++) {
    try {
      record = await find(id, Math.max(0, Math.min(patience, deadline - Date.now())))
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error
      failure = error
    }
    if (record && hasReached(record, until)) return record
    const left = deadline - Date.now()
    if (left <= 0) throw toTimeout(id, until, timeoutMs, record, failure)
    await sleep(Math.min(toBackoff(backoff, tries), left), undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

function hasReached(push: PushRecord, until: WaitGoal): boolean {
  // The account that it was handed over to has no record of it yet.
  if (push.reason === 'handed_over') return false
  return hasEnded(push) && (until === 'sent' || push.status !== 'sent')
}

function toTimeout(
  id: string,
  until: WaitGoal,
  timeoutMs: number,
  record: PushRecord | null | undefined,
  failure: QueueUnavailableError | undefined,
): TimeoutError {
  const missed = until === 'sent' ? `Push ${id} was not sent` : `There is no receipt for push ${id}`
  // The last question may have had no time left for its answer.
  const state = record === undefined ? failure?.message : toState(record)
  return new TimeoutError(`${missed} within ${timeoutMs} ms: ${state}`, record ?? null, failure)
}

function toState(record: PushRecord | null): string {
  if (!record) return 'no push with this id is known'
  return `it is ${[record.status, record.reason].filter(Boolean).join(', ')}`
}

import { type Backoff, toBackoff } from '../base/backoff.ts'
import { minute, second } from '../base/duration.ts'

const backoff: Backoff = { first: 5 * second, longest: 5 * minute }
/** About half an hour. */
const maxTries = 12

/** When to try again after the n-th failure; null = no more. */
export function toNextTry(tries: number, now: number): number | null {
  return tries < maxTries ? now + toBackoff(backoff, tries) : null
}

import { minute, second } from '../base/duration.ts'

const firstDelay = 5 * second
const longestDelay = 5 * minute
/** About half an hour. */
const maxTries = 12

/** When to try again after the n-th failure; null = no more. */
export function toNextTry(tries: number, now: number): number | null {
  return tries < maxTries ? now + Math.min(firstDelay * 2 ** (tries - 1), longestDelay) : null
}

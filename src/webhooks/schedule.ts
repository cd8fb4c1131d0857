import { day, hour, minute, second } from '../base/duration.ts'

/** After the first failure, the second and so on; the last goes for all that follow. */
const delays = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour]
const patience = 3 * day

/** When to try again what has failed so often since `firstAt`; null = it has been tried for long enough. */
export function findNextTry(attempts: number, firstAt: number, now: number): number | null {
  const nextAt = now + (delays[Math.min(attempts, delays.length) - 1] ?? 0)
  return nextAt - firstAt > patience ? null : nextAt
}

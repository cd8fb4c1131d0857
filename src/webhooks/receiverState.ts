import { toBackoff } from '../base/backoff.ts'
import { minute, second } from '../base/duration.ts'

/** From so many failures in a row on, it is the receiver and not what it was sent. */
const enough = 3
const backoff = { first: second, longest: minute }

/** Whether the receiver takes nothing at all: then it is asked by one message at a time, at growing intervals. */
export function createReceiverState() {
  let failures = 0
  let nextAt = 0
  const isDown = () => failures >= enough
  return {
    isDown,
    /** How many messages may be under way now. */
    mayPost(now: number, most: number): number {
      if (!isDown()) return most
      return now >= nextAt ? 1 : 0
    },
    fail(now: number): void {
      failures += 1
      nextAt = now + toBackoff(backoff, failures - enough + 1)
    },
    /** True when it was down until now. */
    pass(): boolean {
      const wasDown = isDown()
      failures = 0
      return wasDown
    },
  }
}

import { expect, test } from 'vitest'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import { findNextTry } from '../../src/webhooks/schedule.ts'

test('what is not taken is tried again at growing intervals, for three days', () => {
  const waits: number[] = []
  let now = 0
  for (let attempts = 1; ; attempts += 1) {
    const next = findNextTry(attempts, 0, now)
    if (next === null) break
    waits.push(next - now)
    now = next
  }
  expect(waits.slice(0, 7)).toEqual([
    5 * second,
    5 * minute,
    30 * minute,
    2 * hour,
    5 * hour,
    10 * hour,
    10 * hour,
  ])
  expect(now).toBeLessThanOrEqual(3 * day)
  expect(now).toBeGreaterThan(2.5 * day)
})

import { expect, test } from 'vitest'
import { toBackoff } from '../../src/base/backoff.ts'

test.each([
  ['doubles from the first wait to the longest', { first: 100, longest: 1_000 }, [100, 200, 400, 800, 1_000]],
  ['grows by its factor', { first: 50, factor: 1.5, longest: 1_000 }, [50, 75, 112.5, 168.75, 253.125]],
])('a wait %s', (_, backoff, waits) => {
  expect(waits.map((_wait, n) => toBackoff(backoff, n + 1))).toEqual(waits)
  expect(toBackoff(backoff, 0)).toBe(backoff.first)
  expect(toBackoff(backoff, 100_000)).toBe(backoff.longest)
})

test('a share of each wait is left to chance', () => {
  const backoff = { first: 1_000, longest: 60_000, jitter: 0.5 }
  expect([0, 0.5, 1].map((random) => toBackoff(backoff, 3, random))).toEqual([4_000, 3_000, 2_000])
})

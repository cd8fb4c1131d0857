import { expect, test } from 'vitest'
import { createRecentSends } from '../../src/simulator/platform/messages/recentSends.ts'

const start = 1_800_000_000_000

test('every key is found with its number and time, however many there are', () => {
  const recent = createRecentSends(start)
  const keyAt = (n: number) => `o${n}\n${(n * 7_919).toString(16)}`
  for (let n = 0; n < 100_000; n++) recent.set(keyAt(n), n, start + n)
  for (let n = 0; n < 100_000; n += 7) expect(recent.find(keyAt(n))).toEqual({ number: n, at: start + n })
  for (let n = 100_000; n < 101_000; n++) expect(recent.find(keyAt(n))).toBeUndefined()
})

test('a key that comes again has the later number', () => {
  const recent = createRecentSends(start)
  recent.set('o1\nc1', 1, start)
  recent.set('o1\nc1', 2, start + 600_000)
  expect(recent.find('o1\nc1')).toEqual({ number: 2, at: start + 600_000 })
})

test('a million keys take less than 100 MB', () => {
  const before = process.memoryUsage().arrayBuffers
  const recent = createRecentSends(start)
  for (let n = 0; n < 1_000_000; n++) recent.set(`o${n}`, n, start)
  expect(recent.find('o999999')?.number).toBe(999_999)
  // Old tables may not have been collected yet.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000_000)
})

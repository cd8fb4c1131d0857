import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { every } from '../../src/base/every.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('work is done at every interval until it is stopped', async () => {
  const work = vi.fn()
  const stop = every(1_000, work, () => {})
  await vi.advanceTimersByTimeAsync(3_000)
  expect(work).toHaveBeenCalledTimes(3)
  stop()
  await vi.advanceTimersByTimeAsync(3_000)
  expect(work).toHaveBeenCalledTimes(3)
})

test('a turn is skipped while the one before is under way', async () => {
  let finish = () => {}
  const work = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve
      }),
  )
  const stop = every(1_000, work, () => {})
  await vi.advanceTimersByTimeAsync(5_000)
  expect(work).toHaveBeenCalledTimes(1)
  finish()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(work).toHaveBeenCalledTimes(2)
  stop()
})

test.each([
  ['rejects', async () => Promise.reject(new Error('full'))],
  [
    'throws',
    () => {
      throw new Error('full')
    },
  ],
])('work that %s is told and done again, and nothing is told after the end', async (_, work) => {
  const errors: unknown[] = []
  const stop = every(1_000, work, (error) => errors.push(error))
  await vi.advanceTimersByTimeAsync(2_000)
  expect(errors).toEqual([new Error('full'), new Error('full')])
  stop()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(errors).toHaveLength(2)
})

test('what fails only after the end is not told', async () => {
  const errors: unknown[] = []
  let fail = (_: Error) => {}
  const work = () =>
    new Promise<void>((_, reject) => {
      fail = reject
    })
  const stop = every(1_000, work, (error) => errors.push(error))
  await vi.advanceTimersByTimeAsync(1_000)
  stop()
  fail(new Error('closed'))
  await vi.advanceTimersByTimeAsync(0)
  expect(errors).toEqual([])
})

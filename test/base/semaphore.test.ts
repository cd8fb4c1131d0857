import { expect, test } from 'vitest'
import { createSemaphore } from '../../src/base/semaphore.ts'

test('a line of 25,000 is worked off in order, two at a time', async () => {
  const semaphore = createSemaphore()
  const order: number[] = []
  let atOnce = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 25_000 }, async (_, n) => {
      await semaphore.acquire(2)
      order.push(n)
      most = Math.max(most, ++atOnce)
      await Promise.resolve()
      atOnce--
      semaphore.release()
    }),
  )
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect([order.length, most]).toEqual([25_000, 2])
})

import { expect, test } from 'vitest'
import { createTurns } from '../../src/base/semaphore.ts'

test('a line of 25,000 is worked off in order, two at a time', async () => {
  const turns = createTurns()
  const order: number[] = []
  let atOnce = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 25_000 }, async (_, n) => {
      await turns.take(2)
      order.push(n)
      most = Math.max(most, ++atOnce)
      await Promise.resolve()
      atOnce--
      turns.give()
    }),
  )
  expect(order).toEqual(order.toSorted((a, b) => a - b))
  expect([order.length, most]).toEqual([25_000, 2])
})

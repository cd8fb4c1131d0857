import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { hour, minute } from '../../src/base/duration.ts'
import { createServerClock } from '../../src/queue/serverClock.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1e12, toFake: ['Date', 'performance', 'setTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A server that is two hours ahead and 20 ms away. */
function createFarClock() {
  const wait = () => new Promise((resolve) => setTimeout(resolve, 10))
  return createServerClock(async () => {
    await wait()
    const time = Date.now() + 2 * hour
    await wait()
    return time
  })
}

async function ask(clock: ReturnType<typeof createFarClock>): Promise<void> {
  const asked = clock.ask()
  await vi.advanceTimersByTimeAsync(20)
  await asked
}

test('the time of the server goes on between two questions', async () => {
  const clock = createFarClock()
  expect(clock.now()).toBeUndefined()
  await ask(clock)
  expect(clock.now()).toBe(Date.now() + 2 * hour)
  vi.advanceTimersByTime(minute)
  expect(clock.now()).toBe(Date.now() + 2 * hour)
  vi.advanceTimersByTime(1)
  expect(clock.now()).toBeUndefined()
})

test.each([-hour, hour])('the server is asked again when the clock here is set by %i ms', async (change) => {
  const clock = createFarClock()
  await ask(clock)
  const real = Date.now() + 2 * hour
  vi.setSystemTime(Date.now() + change)
  expect(clock.now()).toBeUndefined()
  await ask(clock)
  expect(clock.now()).toBe(real + change + 20)
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startWatchdog } from '../../src/sending/watchdog.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function setUp() {
  const state = {
    waiting: 0,
    prioritized: 0,
    mayTakeJobs: true,
    isIdle: true,
    isAway: false,
    onAsked() {},
  }
  const rebuild = vi.fn()
  const reconnect = vi.fn()
  const watchdog = startWatchdog({
    queue: {
      getJobCounts: async () => {
        if (state.isAway) await new Promise(() => {})
        return { waiting: state.waiting, prioritized: state.prioritized }
      },
    },
    async mayTakeJobs() {
      state.onAsked()
      return { ok: state.mayTakeJobs }
    },
    isIdle: () => state.isIdle,
    rebuild,
    reconnect,
  })
  return { state, rebuild, reconnect, watchdog }
}

test.each(['waiting', 'prioritized'] as const)(
  'a worker that leaves %s jobs alone for 15 s is replaced',
  async (kind) => {
    const { state, rebuild, watchdog } = setUp()
    await vi.advanceTimersByTimeAsync(60_000)
    state[kind] = 1
    await vi.advanceTimersByTimeAsync(15_000)
    expect(rebuild).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(rebuild).toHaveBeenCalledTimes(1)
    watchdog.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(rebuild).toHaveBeenCalledTimes(1)
  },
)

test.each([
  ['is at work', { isIdle: false }],
  ['may take no jobs', { mayTakeJobs: false }],
  ['has no server', { isAway: true }],
])('a worker that %s is left alone', async (_, change) => {
  const { state, rebuild } = setUp()
  Object.assign(state, { waiting: 5 }, change)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(rebuild).not.toHaveBeenCalled()
})

test('a worker that takes a job now and then is left alone', async () => {
  const { state, rebuild } = setUp()
  state.waiting = 5
  for (let n = 0; n < 10; n++) {
    await vi.advanceTimersByTimeAsync(10_000)
    state.isIdle = false
    await vi.advanceTimersByTimeAsync(5_000)
    state.isIdle = true
  }
  expect(rebuild).not.toHaveBeenCalled()
})

test('a worker that took a job while the server was asked is left alone', async () => {
  const { state, rebuild } = setUp()
  state.waiting = 5
  await vi.advanceTimersByTimeAsync(25_000)
  state.onAsked = () => {
    state.isIdle = false
  }
  await vi.advanceTimersByTimeAsync(60_000)
  expect(rebuild).not.toHaveBeenCalled()
})

test('a process that stood still for a minute is not taken for a worker that takes no job', async () => {
  const { state, rebuild } = setUp()
  state.waiting = 5
  await vi.advanceTimersByTimeAsync(15_000)
  vi.setSystemTime(Date.now() + 60_000)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(rebuild).not.toHaveBeenCalled()
})

test('a server that answers nothing for 15 s is reconnected, again and again', async () => {
  const { state, reconnect } = setUp()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(reconnect).not.toHaveBeenCalled()
  state.isAway = true
  await vi.advanceTimersByTimeAsync(15_000)
  expect(reconnect).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(15_000)
  expect(reconnect).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(reconnect).toHaveBeenCalledTimes(3)
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createProducer } from '../../src/push/producer.ts'
import type { QueuedJob } from '../../src/push/toJob.ts'
import type { ProducerQueue } from '../../src/queue/producerQueue.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** How long a real producer waits for its queue, in milliseconds. */
const patience = 5_000

/** One call after another, each of which takes `perJob` milliseconds for each of its jobs. */
function openSlowQueue(perJob: number) {
  const calls: { jobs: number; took: number }[] = []
  let free = Promise.resolve()
  const run: ProducerQueue['run'] = async (use) => {
    const begun = performance.now()
    const addBulk = async (jobs: QueuedJob[]) => {
      const before = free
      free = before.then(() => new Promise((resolve) => setTimeout(resolve, perJob * jobs.length)))
      await free
      calls.push({ jobs: jobs.length, took: performance.now() - begun })
      return jobs.map(({ opts }) => ({ id: opts.jobId }))
    }
    return use(Object({ addBulk }), 0)
  }
  return { queue: { run }, calls }
}

function toMessages(count: number) {
  return Array.from({ length: count }, (_, n) => ({
    unionid: `u${n}`,
    templateId: 'x'.repeat(43),
    data: { thing1: 'x' },
  }))
}

async function pushMany(count: number, perJob: number) {
  const { queue, calls } = openSlowQueue(perJob)
  const pushed = createProducer([{ name: 'wx', appid: 'wx' }], () => queue).pushMany(toMessages(count))
  await vi.runAllTimersAsync()
  return { receipt: await pushed, calls }
}

test('a queue that takes 100 pushes/s answers each call in time', async () => {
  const { receipt, calls } = await pushMany(3_000, 10)
  expect(receipt).toEqual({ queued: 3_000, duplicates: 0, invalid: [] })
  expect(Math.max(...calls.map(({ took }) => took))).toBeLessThan(patience / 2)
})

test('a quick queue is soon given 500 at a time', async () => {
  const { receipt, calls } = await pushMany(10_000, 0.1)
  expect(receipt.queued).toBe(10_000)
  expect(calls.filter(({ jobs }) => jobs === 500).length).toBeGreaterThan(13)
})

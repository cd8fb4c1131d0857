import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError, type Job, type Processor } from 'bullmq'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import type { QueueWorker } from '../../src/queue/backend.ts'
import { startPushing } from '../helpers/pushing.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** One that takes no job and gives no sign of life. */
function createDeadWorker(): QueueWorker {
  return Object.assign(new EventEmitter(), {
    concurrency: 1,
    isPaused: () => false,
    pause: async () => {},
    resume: async () => {},
    close: async () => {},
    getBackend: () => ({ moveStalledJobsToWait: async () => [] }),
  })
}

test('a worker that takes no job is replaced, and a job it has taken after all is left to the next one', async () => {
  const world = await startPushing()
  const processors: Processor[] = []
  const jobs: Job[] = []
  const { started } = await world.startWorker({}, (queue) => ({
    ...queue,
    createWorker(processor, options) {
      processors.push(processor)
      if (processors.length === 1) return createDeadWorker()
      const noteJob: Processor = (job, token) => {
        jobs.push(job)
        return processor(job, token)
      }
      return queue.createWorker(noteJob, options)
    },
  }))
  await started
  await world.producer().push(world.message(0, { id: 'p1' }))
  for (let looks = 0; processors.length === 1 && looks < 500; looks++) {
    await vi.advanceTimersByTimeAsync(5 * second)
    // The server answers in real time.
    await sleep(20)
  }
  vi.useRealTimers()
  expect(await world.ended(1)).toMatchObject([{ id: 'p1', status: 'sent', attempts: 1 }])

  const [job] = jobs
  await expect(job && processors[0]?.(job)).rejects.toThrow(DelayedError)
})

test('a worker that may send twice a second is not taken for a dead one, however often it is looked at in between', async () => {
  const world = await startPushing()
  await world.producer().pushMany(Array.from({ length: 24 }, (_, n) => world.message(n % 20)))
  let workers = 0
  const { started, queue } = await world.startWorker({ rate: 2 }, (given) => ({
    ...given,
    createWorker(processor, options) {
      workers += 1
      return given.createWorker(processor, options)
    },
  }))
  await started
  while (world.simulator.stats().accepted < 24) {
    // Only while no job may be taken: a machine that is busy may be late to take the next one.
    if ((await queue.getRateLimitTtl()) > 100) await vi.advanceTimersByTimeAsync(5 * second)
    await sleep(20)
  }
  expect(workers).toBe(1)
  vi.useRealTimers()
  expect(await world.ended(24)).toHaveLength(24)
}, 60_000)

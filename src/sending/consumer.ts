import { DelayedError } from 'bullmq'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { QueueWorker } from '../queue/backend.ts'
import type { WorkerQueue } from '../queue/workerQueue.ts'
import { type JobHandler, mostCrashes } from './jobHandler.ts'

interface ConsumerDeps {
  createWorker: WorkerQueue['createWorker']
  handler: Pick<JobHandler, 'handle' | 'settle'>
  onError(error: Error): void
  /** A job that BullMQ has given up could not be settled just now. */
  onUnsettled(): void
  log: Log
}

/** Takes jobs once it is started; what it is told before only counts from then on. */
export interface Consumer {
  start(concurrency: number): void
  pause(): void
  resume(concurrency: number): void
  /** Gives BullMQ's worker up and makes another one. */
  restart(concurrency: number): void
  /** Whether no job is under way and none was started since this was asked last. */
  isIdle(): boolean
  hasJobs(): boolean
  close(): Promise<void>
}

/** BullMQ's worker, of which there may be several one after the other. */
export function createConsumer({ createWorker, handler, onError, onUnsettled, log }: ConsumerDeps): Consumer {
  let worker: QueueWorker | undefined
  let inFlight = 0
  let started = 0
  let startedBefore = 0

  return {
    start(concurrency) {
      worker = create(concurrency)
    },
    pause: () => worker?.pause(true),
    resume(concurrency) {
      if (!worker) return
      worker.concurrency = concurrency
      // What it meets is emitted as an error of the worker.
      void worker.resume()
    },
    restart(concurrency) {
      log.warn('worker stalled, restarting it')
      worker?.close(true).catch(() => {})
      worker = create(concurrency)
    },
    isIdle() {
      const hasStarted = started !== startedBefore
      startedBefore = started
      return worker !== undefined && inFlight === 0 && !hasStarted
    },
    hasJobs: () => inFlight > 0,
    close: async () => worker?.close(),
  }

  function create(concurrency: number): QueueWorker {
    const created = createWorker(
      async (job, token) => {
        // Taken when this worker was given up, so that nobody renews its lock: it goes back when that runs out.
        if (created !== worker) throw new DelayedError()
        inFlight += 1
        started += 1
        try {
          await handler.handle(job, token)
        } finally {
          inFlight -= 1
        }
      },
      {
        concurrency,
        // After a crash its jobs are free again within 20 s, far inside WeChat's dedupe window.
        lockDuration: 15 * second,
        stalledInterval: 5 * second,
        // Whoever adds a job wakes it up; many a Redis is paid by the command.
        drainDelay: 20,
        maxStalledCount: mostCrashes,
        runRetryDelay: second,
        removeOnComplete: { count: 0 },
      },
    )
    created.on('error', onError)
    created.on('failed', (job) => {
      if (!job?.finishedOn) return
      handler.settle(job).catch((error) => {
        onError(error)
        onUnsettled()
      })
    })
    return created
  }
}

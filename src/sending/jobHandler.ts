import { DelayedError, type Job } from 'bullmq'
import { toBackoff } from '../base/backoff.ts'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { say } from '../base/sentences/sentence.ts'
import type { CircuitBreaker } from '../health/circuitBreaker.ts'
import type { BroadcastWorker } from '../push/sender.ts'
import { broadcastJobName, isOfNewerVersion } from '../queue/job.ts'
import { pushBackoff } from './processor/outcome.ts'
import type { Processor } from './processor/processor.ts'
import type { Delivery } from './processor/pushRow.ts'
import type { Processed } from './processor/tryOnce.ts'

/** A push during which this many workers died, or that threw this often, is what brings them down. */
export const mostCrashes = 10

/** Until a job that only a newer worker can do is handed out again, perhaps to such a one. */
const newerVersionDelay = 15 * second

interface JobHandlerDeps {
  processor: Processor
  breaker: Pick<CircuitBreaker, 'pass'>
  /** What a try tells about the others. */
  note(processed: Processed): Promise<void>
  broadcasts: Pick<BroadcastWorker, 'handle'> | undefined
  log: Log
}

export interface JobHandler {
  /** Resolves when the push of the job has come to an end; rejects with DelayedError when it goes on later. */
  handle(job: Job, token: string | undefined): Promise<void>
  /** Puts a job that BullMQ has given up back into the queue, or ends its push for good. */
  settle(job: Job): Promise<void>
}

/** Between BullMQ's jobs and pushes. */
export function createJobHandler({ processor, breaker, note, broadcasts, log }: JobHandlerDeps): JobHandler {
  const process = createCrashLimit(processor, log)
  let hasMetNewer = false

  return {
    async handle(job, token) {
      breaker.pass('queue')
      if (job.name === broadcastJobName) return broadcasts?.handle(job, token)
      if (isOfNewerVersion(job.data)) {
        leaveToNewer(job)
        return giveBack(job, newerVersionDelay, token)
      }
      const processed = await process(toDelivery(job))
      await note(processed)
      if (processed.kind === 'later') return giveBack(job, processed.delay, token)
    },

    async settle(job) {
      // It only stands for recipients who wait in the database.
      if (job.name === broadcastJobName) return job.remove()
      if (job.stalledCounter > mostCrashes) {
        const times = job.stalledCounter
        await processor.giveUp(toDelivery(job), say('outcome.workers_died', { times }))
        await job.remove()
      } else await job.retry()
    },
  }

  async function giveBack(job: Job, delay: number, token: string | undefined): Promise<never> {
    await job.moveToDelayed(Date.now() + delay, token)
    throw new DelayedError()
  }

  /** Said once: there may be many of them until every worker is updated. */
  function leaveToNewer({ id, data }: Job): void {
    if (!hasMetNewer) {
      log.warn(
        { job: id, version: data.v },
        'jobs of a newer version wait for a worker of that version: update this worker',
      )
    }
    hasMetNewer = true
  }
}

/** Processes pushes, and gives up the one that throws again and again. */
function createCrashLimit(processor: Processor, log: Log) {
  const crashes = new Map<string, number>()

  return async (delivery: Delivery): Promise<Processed> => {
    try {
      const processed = await processor.process(delivery)
      crashes.delete(delivery.jobId)
      return processed
    } catch (error) {
      const times = (crashes.get(delivery.jobId) ?? 0) + 1
      log.error({ err: error, job: delivery.jobId, times }, 'unexpected error while processing a push')
      crashes.set(delivery.jobId, times)
      if (times < mostCrashes) return { kind: 'later', delay: toBackoff(pushBackoff, times) }
      crashes.delete(delivery.jobId)
      const words = error instanceof Error ? error.message : String(error)
      await processor.giveUp(delivery, say('outcome.threw', { times, error: words }))
      return { kind: 'done', wasSent: false }
    }
  }
}

function toDelivery({ id = '', data, timestamp, attemptsStarted }: Job): Delivery {
  return { jobId: id, data, timestamp, starts: attemptsStarted }
}

import { DelayedError, type Job } from 'bullmq'
import { toBackoff } from '../base/backoff.ts'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { AccountGuard } from '../health/accountGuard.ts'
import type { CircuitBreaker } from '../health/circuitBreaker.ts'
import type { RateController } from '../health/rateController.ts'
import { isOfNewerVersion } from '../queue/job.ts'
import type { OtherPushes } from './processor/otherPushes.ts'
import { pushBackoff, type SendOutcome } from './processor/outcome.ts'
import type { Processed, Processor } from './processor/processor.ts'
import type { Delivery } from './processor/pushRow.ts'

/** A push during which this many workers died, or that threw this often, is what brings them down. */
export const mostCrashes = 10

/** Until a job that only a newer worker can do is handed out again, perhaps to such a one. */
const newerVersionDelay = 15 * second

interface JobHandlerDeps {
  processor: Processor
  breaker: Pick<CircuitBreaker, 'pass' | 'trip'>
  guard: Pick<AccountGuard, 'pause' | 'sent'>
  rateController: Pick<RateController, 'sent' | 'refused'>
  others: Pick<OtherPushes, 'isOutage'>
  log: Log
}

export interface JobHandler {
  /** Resolves when the push of the job has come to an end; rejects with DelayedError when it goes on later. */
  handle(job: Job, token: string | undefined): Promise<void>
  /** Puts a job that BullMQ has given up back into the queue, or ends its push for good. */
  settle(job: Job): Promise<void>
}

/** Between BullMQ's jobs and pushes; also where one try tells something about all the others. */
export function createJobHandler({
  processor,
  breaker,
  guard,
  rateController,
  others,
  log,
}: JobHandlerDeps): JobHandler {
  const process = createCrashLimit(processor, log)
  let hasMetNewer = false

  return {
    async handle(job, token) {
      breaker.pass('queue')
      if (isOfNewerVersion(job.data)) {
        leaveToNewer(job)
        return giveBack(job, newerVersionDelay, token)
      }
      const processed = await process(toDelivery(job))
      if (processed.kind === 'done') {
        if (processed.wasSent) noteSent()
        // WeChat may have answered all the same.
        else if (!others.isOutage()) breaker.pass('wechat')
        return
      }
      if (processed.kind === 'held') return
      if (processed.cause) await react(processed.cause)
      return giveBack(job, processed.delay, token)
    },

    async settle(job) {
      if (job.stalledCounter > mostCrashes) {
        await processor.giveUp(toDelivery(job), `${job.stalledCounter} workers died while they worked on it`)
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

  function noteSent(): void {
    rateController.sent()
    guard.sent()
    breaker.pass('wechat')
    breaker.pass('database')
  }

  /** Whatever goes wrong here, the job must go back into the queue. */
  async function react(cause: SendOutcome | DatabaseError): Promise<void> {
    try {
      if (cause instanceof DatabaseError) breaker.trip('database', cause.message)
      else await noteOutcome(cause)
    } catch (error) {
      if (error instanceof DatabaseError) breaker.trip('database', error.message)
      else log.error({ err: error }, 'account could not be paused')
    }
  }

  async function noteOutcome(outcome: SendOutcome): Promise<void> {
    const signal = outcome.kind === 'retry' ? outcome.signal : undefined
    if (signal === 'out_of_reach' || signal === 'busy') {
      if (others.isOutage()) breaker.trip('wechat', outcome.detail)
      else if (signal === 'busy') rateController.refused(signal)
      return
    }
    breaker.pass('wechat')
    if (outcome.kind === 'pause') await guard.pause(outcome)
    else if (signal) rateController.refused(signal)
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
      await processor.giveUp(
        delivery,
        `it threw ${times} times: ${error instanceof Error ? error.message : error}`,
      )
      return { kind: 'done', wasSent: false }
    }
  }
}

function toDelivery({ id = '', data, timestamp, attemptsStarted }: Job): Delivery {
  return { jobId: id, data, timestamp, starts: attemptsStarted }
}

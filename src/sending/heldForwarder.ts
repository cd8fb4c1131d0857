import { every } from '../base/every.ts'
import type { Log } from '../base/log.ts'
import { createOutage } from '../base/outage.ts'
import type { HeldPush, HeldPushes } from '../db/heldPushes.ts'
import type { PushQueue } from '../queue/backend.ts'
import { jobName } from '../queue/job.ts'
import { toHeldJobId, toPush } from './processor/pushRow.ts'

/** A follow shall have its effect within a second. */
const interval = 250
const batchSize = 500

export interface Release {
  start(): void
  /** Queues the first of the pushes that were held for a user, if there is one and it is not queued yet. */
  next(recipient: string): Promise<void>
  stop(): void
}

interface ReleaseDeps {
  queue: Pick<PushQueue, 'addBulk'>
  held: Pick<HeldPushes, 'findFirst' | 'findPendingReleases' | 'dropPendingReleases' | 'expire'>
  log: Log
}

/**
 * Lets held pushes go when their user follows, and ends those that have expired. The processes that learn of a follow
 * note it in the database, so it does not matter which of them run when; looking for notes costs the same however many
 * pushes are held. Of one user only the first push is queued, and its job queues the next one.
 */
export function createHeldForwarder({ queue, held, log }: ReleaseDeps): Release {
  let stopLooking = () => {}
  let isStopped = false
  const outage = createOutage<unknown>({
    onFail: (error) => log.warn({ err: error }, 'held pushes cannot be released'),
    onPass: () => log.info('held pushes are released again'),
  })

  return {
    start() {
      stopLooking = every(interval, look, outage.fail)
    },
    next: (recipient) => queueFirst([recipient]),
    stop() {
      isStopped = true
      stopLooking()
    },
  }

  async function look(): Promise<void> {
    await releasePending()
    await held.expire(Date.now())
    outage.pass()
  }

  async function releasePending(): Promise<void> {
    let count: number
    do {
      const pending = await held.findPendingReleases(batchSize)
      count = pending.length
      if (count === 0) return
      // The jobs come first: should this process end in between, they are only queued once more.
      await queueFirst(pending.map(({ recipient }) => recipient))
      await held.dropPendingReleases(pending)
    } while (count === batchSize && !isStopped)
  }

  async function queueFirst(recipients: readonly string[]): Promise<void> {
    const first = await Promise.all([...new Set(recipients)].map(held.findFirst))
    const jobs = first.filter((push) => push !== undefined).map(toHeldJob)
    if (jobs.length > 0) await queue.addBulk(jobs)
  }
}

function toHeldJob(held: HeldPush) {
  const push = toPush(held)
  return {
    name: jobName,
    data: { ...push, generation: held.generation },
    opts: {
      jobId: toHeldJobId(held),
      ...(push?.priority !== undefined && { priority: push.priority }),
    },
  }
}

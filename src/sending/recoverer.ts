import { minute } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { Log } from '../base/log.ts'
import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { PushRow, PushRows } from '../db/pushes.ts'
import { hasEnded } from '../push/status.ts'
import type { PushQueue } from '../queue/backend.ts'

/** Long enough for a person to notice that a worker was pointed at the wrong queue. */
const interval = 10 * minute
const pageSize = 500

interface OrphansDeps {
  queue: Pick<PushQueue, 'getJob'>
  pushes: Pick<PushRows, 'find' | 'findOpen' | 'recordUnchanged'>
  /** True in the one process that looks, for as many milliseconds. */
  mayLook(ttlMs: number): Promise<boolean>
  /** Queues the first of the pushes that were held for a user. */
  releaseNext(recipient: string): Promise<void>
  log: Log
}

/**
 * Ends pushes whose records say that they are under way although no job brings them: an older copy of the database was
 * put in place, or the queue lost its jobs. Whether they were sent is not known then, so they are not sent again.
 */
export function startRecoverer(deps: OrphansDeps): { stop(): void } {
  let isStopped = false
  const stopLooking = every(interval, look, (error) =>
    deps.log.warn({ err: error }, 'search for pushes without a job failed'),
  )

  return {
    stop() {
      isStopped = true
      stopLooking()
    },
  }

  async function look(): Promise<void> {
    if (!(await deps.mayLook(interval))) return
    const ended = await recoverOrphans(deps, Date.now() - interval, () => isStopped)
    if (ended > 0) deps.log.warn({ ended }, 'pushes whose jobs are gone were ended as unknown')
  }
}

/** Of the pushes asked for before that time; returns how many. */
export async function recoverOrphans(
  { queue, pushes, releaseNext }: Pick<OrphansDeps, 'queue' | 'pushes' | 'releaseNext'>,
  before: number,
  isStopped: () => boolean = () => false,
): Promise<number> {
  let ended = 0
  let page: PushRow[]
  let last: PushRow | undefined
  do {
    page = await pushes.findOpen(before, last, pageSize)
    for (const row of page) if (!isStopped() && (await endIfOrphan(row))) ended += 1
    last = page.at(-1)
  } while (page.length === pageSize && !isStopped())
  return ended

  async function endIfOrphan({ id, jobId }: PushRow): Promise<boolean> {
    if (await queue.getJob(jobId ?? id)) return false
    // A job leaves the queue after the push has its final record, so only now does its absence tell something.
    const row = await pushes.find(id)
    if (!row || hasEnded(row) || row.reason === 'hold' || row.jobId !== jobId) return false
    const isEnded = await pushes.recordUnchanged({
      ...row,
      status: 'unknown',
      reason: 'ambiguous',
      detail: toStored(say('outcome.job_gone')),
      finishedAt: Date.now(),
    })
    if (row.heldFor !== null) await releaseNext(row.heldFor)
    return isEnded
  }
}

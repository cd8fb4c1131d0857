import { randomUUID } from 'node:crypto'
import type { Job } from 'bullmq'
import { second } from '../../base/duration.ts'
import { createControlClient } from '../../push/controlClient.ts'
import type { ProducerQueue } from '../../queue/producerQueue.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import type { AskedQueue } from './subjects.ts'

/** A worker that lives answers within milliseconds. */
const workerPatience = 3 * second

/** How many pushes are where, or why nobody can tell. */
export async function askQueue({ run }: Pick<ProducerQueue, 'run'>): Promise<AskedQueue> {
  try {
    return await run(async (queue) => {
      const [counts, byPriority, first, firstPrioritized] = await Promise.all([
        queue.getJobCounts('prioritized', 'active', 'delayed', 'failed'),
        queue.getCountsPerPriority([0]),
        queue.getJobs('waiting', 0, 0, true),
        queue.getJobs('prioritized', 0, 0, true),
      ])
      const { prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts
      const oldest: (Job | undefined)[] = [...first, ...firstPrioritized]
      const times = oldest.flatMap((job) => job?.timestamp ?? [])
      return {
        counts: { waiting: (byPriority[0] ?? 0) + prioritized, active, delayed, failed },
        oldestAt: times.length === 0 ? undefined : Math.min(...times),
      }
    })
  } catch (error) {
    if (error instanceof QueueUnavailableError) return { why: error.sentence }
    throw error
  }
}

/** Asks for a push that nobody has: any worker of the account answers that there is none. */
export async function askWorker(control: Pick<ProducerQueue, 'run'>): Promise<boolean> {
  try {
    await createControlClient(control).find(`doctor-${randomUUID()}`, workerPatience)
    return true
  } catch (error) {
    if (error instanceof QueueUnavailableError) return false
    throw error
  }
}

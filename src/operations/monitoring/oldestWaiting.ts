import type { PushQueue } from '../../queue/backend.ts'

/** Since when the first push in the queue could have been sent, in epoch milliseconds; undefined = none waits. */
export async function findOldestWaiting(queue: Pick<PushQueue, 'getJobs'>): Promise<number | undefined> {
  const [waiting, prioritized] = await Promise.all([
    queue.getJobs('waiting', 0, 0, true),
    queue.getJobs('prioritized', 0, 0, true),
  ])
  // Such as one that was taken between the calls.
  const first = [...waiting, ...prioritized].filter((job) => job !== undefined && job !== null)
  const since = first.map(({ timestamp, opts }) => timestamp + (opts.delay ?? 0))
  return since.length === 0 ? undefined : Math.min(...since)
}

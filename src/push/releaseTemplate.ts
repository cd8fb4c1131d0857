import type { PushRows } from '../db/pushes.ts'
import type { PushQueue } from '../queue/backend.ts'

const pageSize = 100

interface ReleaseDeps {
  queue: Pick<PushQueue, 'getJob'>
  pushes: Pick<PushRows, 'history'>
}

/** Has the pushes go out now that wait for a template; one that is missed goes out at its next look. Returns how many. */
export async function releaseTemplate({ queue, pushes }: ReleaseDeps, templateId: string): Promise<number> {
  let released = 0
  let page: Promise<boolean>[] = []
  for await (const { id, jobId } of pushes.history({ templateId, status: 'queued', reason: 'paused' })) {
    page.push(promote(queue, jobId ?? id))
    if (page.length < pageSize) continue
    released += await countTrue(page)
    page = []
  }
  return released + (await countTrue(page))
}

async function promote(queue: Pick<PushQueue, 'getJob'>, jobId: string): Promise<boolean> {
  const job = await queue.getJob(jobId)
  if (!(await job?.isDelayed())) return false
  // Somebody else, or the time, was faster.
  return job === undefined
    ? false
    : job.promote().then(
        () => true,
        () => false,
      )
}

async function countTrue(page: readonly Promise<boolean>[]): Promise<number> {
  return (await Promise.all(page)).filter(Boolean).length
}

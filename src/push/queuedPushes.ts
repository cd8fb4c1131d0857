import type { Job } from 'bullmq'
import type { PushFilter, PushRow, PushRows } from '../db/pushes.ts'
import type { PushQueue } from '../queue/backend.ts'
import { pushJobSchema } from '../queue/job.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { toInvalidRow, toNewRow } from './pushRow.ts'

interface QueuedPushesDeps {
  appid: string
  openQueue(): Pick<ProducerQueue, 'run'>
  pushes: Pick<PushRows, 'find' | 'history'>
}

const pageSize = 500
const states = ['active', 'waiting', 'prioritized', 'delayed'] as const

export interface QueuedPushes {
  find(id: string): Promise<PushRow | undefined>
  /** Has a push that came to an end while it waited for its time leave the queue now. */
  dismiss(id: string): Promise<void>
  /**
   * Newest first within each state of the queue; those that were tried come with what their record says. Then those that
   * wait for their users to follow, which are not in the queue.
   */
  list(filter: PushFilter): AsyncIterable<PushRow>
}

/**
 * Pushes that no worker has touched yet have no record: what there is to say about them is in the queue.
 * Rejects with QueueUnavailableError.
 */
export function createQueuedPushes({ appid, openQueue, pushes }: QueuedPushesDeps): QueuedPushes {
  return {
    async find(id) {
      const job = await openQueue().run((q) => findJob(q, id))
      return job && toRow(appid, job)
    },
    async dismiss(id) {
      await openQueue().run(async (q) => {
        const job = await findJob(q, id)
        if (await job?.isDelayed()) await job?.promote()
      })
    },
    async *list(filter) {
      const { unionid, templateId, reason, since = 0, limit = Number.POSITIVE_INFINITY } = filter
      let left = limit
      for await (const job of listJobs(openQueue())) {
        const queued = toRow(appid, job)
        const row = (await pushes.find(queued.id)) ?? queued
        const isWanted =
          (row.status === 'queued' || row.status === 'sending') &&
          row.reason !== 'hold' &&
          (unionid === undefined || row.unionid === unionid) &&
          (templateId === undefined || row.templateId === templateId) &&
          (reason === undefined || row.reason === reason) &&
          row.createdAt >= since
        if (!isWanted) continue
        if (left-- <= 0) return
        yield row
      }
      if (reason !== undefined && reason !== 'hold') return
      yield* pushes.history({ ...filter, limit: left, status: 'queued', reason: 'hold' })
    },
  }
}

/** A push without an id of its own has the id of its job; that of the others is remembered with the deduplication. */
async function findJob(queue: PushQueue, id: string): Promise<Job | undefined> {
  const jobId = (await queue.getDeduplicationJobId(id)) ?? id
  return queue.getJob(jobId)
}

/** Jobs come and go while the pages are read, so a page may repeat the end of the one before. */
async function* listJobs(queue: Pick<ProducerQueue, 'run'>): AsyncGenerator<Job> {
  for (const state of states) {
    let seen = new Set<string | undefined>()
    for (let start = 0; ; start += pageSize) {
      const jobs: Job[] = await queue.run((q) => q.getJobs(state, start, start + pageSize - 1))
      yield* jobs.filter((job) => job && !seen.has(job.id))
      if (jobs.length < pageSize) break
      seen = new Set(jobs.map(({ id }) => id))
    }
  }
}

function toRow(appid: string, job: Job): PushRow {
  const delivery = {
    jobId: job.id ?? '',
    data: job.data,
    timestamp: job.timestamp,
    starts: job.attemptsStarted,
  }
  const { data: push } = pushJobSchema.safeParse(job.data)
  return push ? toNewRow(appid, push, delivery) : toInvalidRow(appid, 'it cannot be read', delivery)
}

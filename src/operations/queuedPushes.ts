import type { Job } from 'bullmq'
import { minute } from '../base/duration.ts'
import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { AccountState } from '../db/accountState.ts'
import type { PushFilter, PushRow, PushRows } from '../db/pushes.ts'
import { broadcastJobName, isJobIdOf, isOfNewerVersion, pushJobSchema } from '../queue/job.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { toInvalidRow, toNewRow } from '../sending/processor/pushRow.ts'

interface QueuedPushesDeps {
  appid: string
  openQueue(): Pick<ProducerQueue, 'run'>
  pushes: Pick<PushRows, 'find' | 'history'>
  accountState: Pick<AccountState, 'find'>
}

const pageSize = 500
const states = ['active', 'waiting', 'prioritized', 'delayed'] as const
const idStates = ['active', 'wait', 'prioritized', 'delayed'] as const
const idPageSize = 5_000
/** How long it is believed that a push is not in the queue: whoever waits for an unknown push asks again and again. */
const absenceTtl = minute
const mostAbsences = 1_000

export interface QueuedPushes {
  find(id: string): Promise<PushRow | undefined>
  /** The same by the deduplication alone, at the price of two questions: for as long as that lasts and the job is there. */
  findRemembered(id: string): Promise<PushRow | undefined>
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
export function createQueuedPushes({
  appid,
  openQueue,
  pushes,
  accountState,
}: QueuedPushesDeps): QueuedPushes {
  /** Push id -> until when nobody looks for it in the whole queue again. */
  const absences = new Map<string, number>()

  return {
    async find(id) {
      const job = await findJob(openQueue(), id)
      return job && toPaused(job, toRow(appid, job), await findPause())
    },
    async findRemembered(id) {
      const job = await openQueue().run(async (q) => {
        const jobId = await q.getDeduplicationJobId(id)
        return jobId === null ? undefined : q.getJob(jobId)
      })
      return job && toRow(appid, job)
    },
    async dismiss(id) {
      const queue = openQueue()
      const jobId = (await findJob(queue, id))?.id
      if (jobId === undefined) return
      await queue.run(async (q) => {
        const job = await q.getJob(jobId)
        if (await job?.isDelayed()) await job?.promote()
      })
    },
    async *list(filter) {
      const { unionid, templateId, reason, since = 0, limit = Number.POSITIVE_INFINITY } = filter
      let left = limit
      const pause = await findPause()
      for await (const job of listJobs(openQueue())) {
        const queued = toPaused(job, toRow(appid, job), pause)
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

  /** What keeps all pushes of the account from being sent. */
  async function findPause(): Promise<Pause | undefined> {
    const state = await accountState.find()
    return state?.pausedReason ? { reason: 'paused', detail: state.pausedDetail } : undefined
  }

  /**
   * A push without an id of its own has the id of its job; that of the others is remembered with the deduplication. A
   * push that waits for longer than that is looked for among all that wait.
   */
  async function findJob({ run }: Pick<ProducerQueue, 'run'>, id: string): Promise<Job | undefined> {
    const job = await run(async (q) => q.getJob((await q.getDeduplicationJobId(id)) ?? id))
    if (job || Date.now() < (absences.get(id) ?? 0)) return job
    const jobId = await findJobId({ run }, id)
    if (jobId !== undefined) return run((q) => q.getJob(jobId))
    if (absences.size >= mostAbsences) absences.clear()
    absences.set(id, Date.now() + absenceTtl)
    return undefined
  }
}

/** Reads nothing but ids. */
async function findJobId(queue: Pick<ProducerQueue, 'run'>, pushId: string): Promise<string | undefined> {
  for (let start = 0; ; start += idPageSize) {
    const ids = await queue.run((q) => q.getRanges([...idStates], start, start + idPageSize - 1))
    const found = ids.find((jobId) => isJobIdOf(jobId, pushId))
    if (found !== undefined || ids.length === 0) return found
  }
}

/** Jobs come and go while the pages are read, so a page may repeat the end of the one before. */
async function* listJobs(queue: Pick<ProducerQueue, 'run'>): AsyncGenerator<Job> {
  for (const state of states) {
    let seen = new Set<string | undefined>()
    for (let start = 0; ; start += pageSize) {
      const jobs: Job[] = await queue.run((q) => q.getJobs(state, start, start + pageSize - 1))
      yield* jobs.filter((job) => job && job.name !== broadcastJobName && !seen.has(job.id))
      if (jobs.length < pageSize) break
      seen = new Set(jobs.map(({ id }) => id))
    }
  }
}

type Pause = Pick<PushRow, 'reason' | 'detail'>

/** A push whose time has not come would wait as well if nothing were paused. */
function toPaused({ timestamp, delay }: Job, row: PushRow, pause: Pause | undefined): PushRow {
  const isDue = delay === 0 || timestamp + delay <= Date.now()
  return row.status === 'queued' && row.detail === null && isDue ? { ...row, ...pause } : row
}

function toRow(appid: string, job: Job): PushRow {
  const delivery = {
    jobId: job.id ?? '',
    data: job.data,
    timestamp: job.timestamp,
    starts: job.attemptsStarted,
  }
  const { data: push } = pushJobSchema.safeParse(job.data)
  if (push) return toNewRow(appid, push, delivery)
  const row = toInvalidRow(appid, say('outcome.unreadable'), delivery)
  if (!isOfNewerVersion(job.data)) return row
  const detail = toStored(say('outcome.newer_version'))
  return { ...row, status: 'queued', reason: null, detail, finishedAt: null }
}

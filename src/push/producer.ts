import { randomUUID } from 'node:crypto'
import type { JobsOptions } from 'bullmq'
import type { AccountName } from '../base/accounts/accountName.ts'
import { day } from '../base/duration.ts'
import { toTokenHash } from '../base/sessionToken.ts'
import { jobName, type NextEntry, type PushJob, toJobId } from '../queue/job.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import { checkDestinations, type Destination } from './destinations.ts'
import { InvalidPushError, toProblemSentence } from './invalidPush.ts'
import { findLateExpiry, type ValidMessage } from './message.ts'
import type { PushManyReceipt, PushReceipt } from './pushAnswers.ts'

export interface Producer {
  /** Rejects with InvalidPushError or QueueUnavailableError. */
  push(message: unknown): Promise<PushReceipt>
  /**
   * Takes messages as fast as they are queued, in chunks, so that memory does not grow with their number.
   * Rejects with QueueUnavailableError, which says how many are queued.
   */
  pushMany(messages: Iterable<unknown> | AsyncIterable<unknown>): Promise<PushManyReceipt>
}

interface QueuedJob {
  name: string
  data: PushJob
  opts: JobsOptions & { jobId: string }
}

const chunkSize = 500
const chunksInFlight = 2

/** Checks messages and puts them into the queues of their accounts, each of which is opened by the first push to it. */
export function createProducer(
  accounts: readonly AccountName[],
  openQueue: (appid: string) => Pick<ProducerQueue, 'run'>,
): Producer {
  const queues = new Map<string, Pick<ProducerQueue, 'run'>>()

  function toQueue(appid: string): Pick<ProducerQueue, 'run'> {
    const queue = queues.get(appid) ?? openQueue(appid)
    queues.set(appid, queue)
    return queue
  }

  return {
    async push(message) {
      const checked = checkDestinations(message, accounts)
      if ('problems' in checked) throw new InvalidPushError(checked.problems)
      const [{ account, message: valid }, ...next] = checked.destinations
      const id = valid.id ?? toTimeOrderedId(Date.now())
      let job: QueuedJob | undefined
      try {
        const added = await toQueue(account.appid).run(async (q, now) => {
          const problem = findLateExpiry(valid, now)
          if (problem) return problem
          job ??= toJob(valid, next, id, now)
          return q.add(job.name, job.data, job.opts)
        })
        if ('rule' in added) throw new InvalidPushError([added])
        return { id, status: added.id === job?.opts.jobId ? 'queued' : 'duplicate' }
      } catch (error) {
        throw explainPush(error, id)
      }
    },

    async pushMany(messages) {
      const receipt: PushManyReceipt = { queued: 0, duplicates: 0, invalid: [] }
      const pending: Promise<void>[] = []
      try {
        let index = 0
        for await (const chunk of toChunks(messages)) {
          if (pending.length === chunksInFlight) await pending.shift()
          const valid = chunk.flatMap((message) => toValid(message, accounts, index++, receipt))
          const added = add(valid, receipt)
          // Awaited later; until then its failure is not unhandled.
          added.catch(() => {})
          pending.push(added)
        }
        await Promise.all(pending)
        // What only the queue's clock could tell came last.
        receipt.invalid.sort((a, b) => a.index - b.index)
        return receipt
      } catch (error) {
        const chunks = await Promise.allSettled(pending)
        const failures = [error, ...chunks.map((chunk) => chunk.status === 'rejected' && chunk.reason)]
        throw explainPushMany(error, failures.some(isInDoubt), receipt)
      }
    },
  }

  async function add(messages: readonly ValidAt[], receipt: PushManyReceipt): Promise<void> {
    const byAccount = new Map<string, ValidAt[]>()
    for (const message of messages) {
      const { appid } = message.to.account
      const known = byAccount.get(appid)
      if (known) known.push(message)
      else byAccount.set(appid, [message])
    }
    await Promise.all([...byAccount].map(([appid, own]) => addTo(toQueue(appid), own, receipt)))
  }

  /** BullMQ adds what it can of a chunk before it rejects, so a repetition finds its own jobs by their ids. */
  async function addTo(
    queue: Pick<ProducerQueue, 'run'>,
    messages: readonly ValidAt[],
    receipt: PushManyReceipt,
  ): Promise<void> {
    let jobs: QueuedJob[] | undefined
    const added = await queue.run(async (q, now) => {
      jobs ??= messages.flatMap((message) => toQueuedJob(message, now, receipt))
      return jobs.length === 0 ? [] : q.addBulk(jobs).catch(failInPart)
    })
    const queued = added.filter((job, i) => job.id === jobs?.[i]?.opts.jobId).length
    receipt.queued += queued
    receipt.duplicates += added.length - queued
  }
}

interface ValidAt {
  index: number
  to: Destination
  next: readonly Destination[]
}

function toValid(
  given: unknown,
  accounts: readonly AccountName[],
  index: number,
  { invalid }: PushManyReceipt,
): ValidAt[] {
  const checked = checkDestinations(given, accounts)
  if ('destinations' in checked) {
    const [to, ...next] = checked.destinations
    return [{ index, to, next }]
  }
  invalid.push({ index, reason: toProblemSentence(checked.problems) })
  return []
}

function toQueuedJob({ index, to, next }: ValidAt, now: number, { invalid }: PushManyReceipt): QueuedJob[] {
  const { message } = to
  const problem = findLateExpiry(message, now)
  if (!problem) return [toJob(message, next, message.id ?? toTimeOrderedId(now), now)]
  invalid.push({ index, reason: toProblemSentence([problem]) })
  return []
}

/** Tells the jobs of this process from those of others with the same push id. */
const nonce = randomUUID().slice(0, 8)
let serial = 0

/** Written out, because spreads would cost a third of all that a push costs here. `now` is the queue's clock. */
function toJob(message: ValidMessage, next: readonly Destination[], id: string, now: number): QueuedJob {
  const { sendAt, priority } = message
  const data = toPushJob(message, id, now)
  if (next.length > 0) data.next = next.map(toNextEntry)
  const opts: QueuedJob['opts'] = { jobId: id }
  const delay = Math.max(0, (sendAt ?? 0) - now)
  if (sendAt !== undefined && delay > 0) {
    // The worker that hands it out judges its time, so it does not matter what time it is here.
    opts.timestamp = sendAt - 1
    opts.delay = 1
  }
  if (priority !== undefined) opts.priority = priority
  if (message.id !== undefined) {
    serial += 1
    opts.jobId = toJobId(id, `${nonce}${serial.toString(36)}`)
    opts.deduplication = { id, ttl: delay + day }
  }
  return { name: jobName, data, opts }
}

function toPushJob(message: ValidMessage, id: string, now: number): PushJob {
  const { unionid, openid, session, templateId, data, url, miniprogram, expiresAt, hold, urgent } = message
  const job: PushJob = { v: 1, id, createdAt: hold ? toInstant(now) : now, templateId, data }
  if (unionid !== undefined) job.unionid = unionid
  if (openid !== undefined) job.openid = openid
  if (session !== undefined) job.session = toTokenHash(session)
  if (url !== undefined) job.url = url
  if (miniprogram !== undefined) job.miniprogram = miniprogram
  if (expiresAt !== undefined) job.expiresAt = expiresAt
  if (hold) job.hold = true
  if (urgent) job.urgent = true
  return job
}

function toNextEntry({ account: { name, appid }, message }: Destination): NextEntry {
  const { templateId, data, url, miniprogram } = message
  return {
    appid,
    ...(name !== appid && { name }),
    templateId,
    data,
    ...(url !== undefined && { url }),
    ...(miniprogram !== undefined && { miniprogram }),
  }
}

let lastInstant = 0

/** Distinct within this process: held pushes go out in the order in which they were asked for. */
function toInstant(now: number): number {
  lastInstant = now > lastInstant ? now : lastInstant + 1 / 1024
  return lastInstant
}

let idTime = 0
let idStart = ''

/** A UUID (version 7) that begins with the time, so that pushes of one moment lie side by side in the database. */
function toTimeOrderedId(now: number): string {
  if (now !== idTime) {
    const time = now.toString(16).padStart(12, '0')
    idStart = `${time.slice(0, 8)}-${time.slice(8)}-7`
    idTime = now
  }
  return idStart + randomUUID().slice(15)
}

/** A plain array or generator is not awaited item by item: that would cost more than checking the item. */
async function* toChunks(messages: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown[]> {
  let chunk: unknown[] = []
  if (Symbol.iterator in messages) {
    for (const message of messages) {
      if (chunk.push(message) < chunkSize) continue
      yield chunk
      chunk = []
    }
  } else {
    for await (const message of messages) {
      if (chunk.push(message) < chunkSize) continue
      yield chunk
      chunk = []
    }
  }
  yield chunk
}

/** Redis refuses the jobs of a chunk one by one, so this may not have been true of all of them. */
function failInPart(cause: unknown): never {
  if (!(cause instanceof Error && cause.name === 'ReplyError')) throw cause
  throw new Error(cause.message, { cause })
}

function isInDoubt(failure: unknown): boolean {
  return failure instanceof QueueUnavailableError && failure.mayBeQueued
}

function explainPush(error: unknown, pushId: string): unknown {
  if (!(error instanceof QueueUnavailableError)) return error
  const { message, mayBeQueued, cause } = error
  if (error.isLasting && !mayBeQueued) return error
  const id = JSON.stringify(pushId)
  const state = mayBeQueued
    ? `It may be queued all the same: repeat it with the id ${id}, then it is sent once`
    : `It was not queued. Repeat the push with the id ${id} or as a new one`
  return new QueueUnavailableError(`${message}. ${state}`, { cause, pushId, mayBeQueued })
}

function explainPushMany(
  error: unknown,
  mayBeQueued: boolean,
  { queued, duplicates }: PushManyReceipt,
): unknown {
  if (!(error instanceof QueueUnavailableError)) return error
  const { message, cause } = error
  const others = mayBeQueued
    ? `up to ${(chunkSize * chunksInFlight).toLocaleString('en')} more may be`
    : 'the others surely not'
  const sentence = `${message}. ${queued + duplicates} messages are queued for sure, ${others}; those with an id of their own can all be repeated and are sent once`
  return new QueueUnavailableError(sentence, { cause, queued, mayBeQueued })
}

import type { AccountName } from '../base/accounts/accountName.ts'
import { type Sentence, say, toEnglish } from '../base/sentences/sentence.ts'
import type { PushJob } from '../queue/job.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'
import { type ChunkSize, createChunkSize, largestChunk } from './chunkSize.ts'
import { checkDestinations, type Destinations } from './destinations.ts'
import { InvalidPushError, type PushFault, toFaultSentence } from './invalidPush.ts'
import { findLateExpiry } from './message.ts'
import type { PushManyReceipt, PushReceipt } from './pushAnswers.ts'
import { type QueuedJob, toJob, toTimeOrderedId } from './toJob.ts'

export interface Producer {
  /** Rejects with InvalidPushError or QueueUnavailableError. */
  push(message: unknown): Promise<PushReceipt>
  /**
   * Takes messages as fast as they are queued, in chunks, so that memory does not grow with their number.
   * Rejects with QueueUnavailableError, which says how many are queued. `onDuplicate` hears of each push that the queue
   * remembers, with what would have been queued.
   */
  pushMany(
    messages: Iterable<unknown> | AsyncIterable<unknown>,
    onDuplicate?: (duplicate: DuplicatePush) => void,
  ): Promise<PushManyReceipt>
}

export interface DuplicatePush {
  /** Of the message, from 0. */
  index: number
  account: AccountName
  push: PushJob
}

const chunksInFlight = 2

/** What is wrong with a message besides what every message is checked for; at once where that can be told at once. */
export type FindFaults = (destinations: Destinations) => readonly PushFault[] | Promise<readonly PushFault[]>

/**
 * Checks messages and puts them into the queues of their accounts, each of which is opened by the first push to it. What is
 * wrong with those of `pushMany` is said by `inWords`.
 */
export function createProducer(
  accounts: readonly AccountName[],
  openQueue: (appid: string) => Pick<ProducerQueue, 'run'>,
  inWords: (sentence: Sentence) => string = toEnglish,
  findFaults?: FindFaults,
): Producer {
  const queues = new Map<string, Pick<ProducerQueue, 'run'>>()
  const chunkSize = createChunkSize()

  function toQueue(appid: string): Pick<ProducerQueue, 'run'> {
    const queue = queues.get(appid) ?? openQueue(appid)
    queues.set(appid, queue)
    return queue
  }

  return {
    async push(message) {
      const checked = checkDestinations(message, accounts)
      if ('problems' in checked) throw new InvalidPushError(checked.problems)
      const faults = (await findFaults?.(checked.destinations)) ?? []
      if (faults.length > 0) throw new InvalidPushError(faults)
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

    async pushMany(messages, onDuplicate = () => {}) {
      const receipt: PushManyReceipt = { queued: 0, duplicates: 0, invalid: [] }
      const pending: Promise<void>[] = []
      const refuse: Refuse = (at, faults) => {
        receipt.invalid.push({ index: at, reason: inWords(toFaultSentence(faults)) })
      }
      try {
        let index = 0
        for await (const chunk of toChunks(messages, chunkSize)) {
          if (pending.length === chunksInFlight) await pending.shift()
          const checked: ValidAt[] = []
          for (const message of chunk) {
            const found = checkDestinations(message, accounts)
            if ('destinations' in found) checked.push({ index, to: found.destinations })
            else refuse(index, found.problems)
            index += 1
          }
          const valid = findFaults ? await withoutFaults(checked, findFaults, refuse) : checked
          const added = add(valid, receipt, refuse, onDuplicate)
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

  async function add(
    messages: readonly ValidAt[],
    receipt: PushManyReceipt,
    refuse: Refuse,
    onDuplicate: (duplicate: DuplicatePush) => void,
  ): Promise<void> {
    const byAccount = new Map<string, ValidAt[]>()
    for (const message of messages) {
      const { appid } = message.to[0].account
      const known = byAccount.get(appid)
      if (known) known.push(message)
      else byAccount.set(appid, [message])
    }
    const begun = performance.now()
    const adding = [...byAccount].map(async ([appid, own]) => {
      for (const duplicate of await addTo(toQueue(appid), own, receipt, refuse)) onDuplicate(duplicate)
    })
    await Promise.all(adding)
    chunkSize.learn(messages.length, performance.now() - begun)
  }
}

/** Hears of the message at `index`. */
type Refuse = (index: number, faults: readonly PushFault[]) => void

interface ValidAt {
  index: number
  to: Destinations
}

/** One by one only where one has to be waited for. */
async function withoutFaults(
  messages: readonly ValidAt[],
  findFaults: FindFaults,
  refuse: Refuse,
): Promise<ValidAt[]> {
  const good: ValidAt[] = []
  for (const message of messages) {
    const found = findFaults(message.to)
    const faults = found instanceof Promise ? await found : found
    if (faults.length === 0) good.push(message)
    else refuse(message.index, faults)
  }
  return good
}

/** A plain array or generator is not awaited item by item: that would cost more than checking the item. */
async function* toChunks(
  messages: Iterable<unknown> | AsyncIterable<unknown>,
  size: Pick<ChunkSize, 'get'>,
): AsyncGenerator<unknown[]> {
  let chunk: unknown[] = []
  if (Symbol.iterator in messages) {
    for (const message of messages) {
      if (chunk.push(message) < size.get()) continue
      yield chunk
      chunk = []
    }
  } else {
    for await (const message of messages) {
      if (chunk.push(message) < size.get()) continue
      yield chunk
      chunk = []
    }
  }
  yield chunk
}

/**
 * BullMQ adds what it can of a chunk before it rejects, so a repetition finds its own jobs by their ids. Returns the
 * duplicates.
 */
async function addTo(
  queue: Pick<ProducerQueue, 'run'>,
  messages: readonly ValidAt[],
  receipt: PushManyReceipt,
  refuse: Refuse,
): Promise<DuplicatePush[]> {
  let jobs: QueuedJob[] | undefined
  const indexes: number[] = []
  const added = await queue.run(async (q, now) => {
    if (!jobs) {
      jobs = []
      for (const { index, to } of messages) {
        const { message } = to[0]
        const problem = findLateExpiry(message, now)
        if (problem) {
          refuse(index, [problem])
          continue
        }
        jobs.push(toJob(message, to.slice(1), message.id ?? toTimeOrderedId(now), now))
        indexes.push(index)
      }
    }
    return jobs.length === 0 ? [] : q.addBulk(jobs).catch(failInPart)
  })
  const duplicates = added.flatMap((job, i): DuplicatePush[] => {
    const own = jobs?.[i]
    const account = messages[0]?.to[0].account
    if (!own || !account || job.id === own.opts.jobId) return []
    return [{ index: indexes[i] ?? 0, account, push: own.data }]
  })
  receipt.queued += added.length - duplicates.length
  receipt.duplicates += duplicates.length
  return duplicates
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
  const { sentence: reason, mayBeQueued, cause } = error
  if (error.isLasting && !mayBeQueued) return error
  const id = JSON.stringify(pushId)
  const sentence = say(mayBeQueued ? 'away.mayBeQueued' : 'away.notQueued', { reason, id })
  return new QueueUnavailableError(sentence, { cause, pushId, mayBeQueued })
}

function explainPushMany(
  error: unknown,
  mayBeQueued: boolean,
  { queued, duplicates }: PushManyReceipt,
): unknown {
  if (!(error instanceof QueueUnavailableError)) return error
  const { sentence: reason, cause } = error
  const facts = { reason, queued: String(queued + duplicates) }
  const sentence = mayBeQueued
    ? say('away.manyInDoubt', { ...facts, more: largestChunk * chunksInFlight })
    : say('away.manySure', facts)
  return new QueueUnavailableError(sentence, { cause, queued, mayBeQueued })
}

import * as z from 'zod'
import { checkDestinations } from '../../push/destinations.ts'
import { type PushProblem, toProblemSentence } from '../../push/invalidPush.ts'
import { findLateExpiry } from '../../push/message.ts'
import type { DuplicatePush } from '../../push/producer.ts'
import type { PushManyReceipt } from '../../push/pushAnswers.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import { count } from '../values.ts'
import { type IdentifiedPush, isSame, isSameRecorded, toContent, toIdentified } from './content.ts'
import { type EnqueueDeps, openProducerOver } from './enqueue.ts'

export const pushManyOutputSchema = z.strictObject({
  queued: count,
  duplicates: count,
  invalid: z
    .array(z.strictObject({ index: count, reason: z.string() }))
    .describe('those that were left out, by their position from 0'),
}) satisfies z.ZodType<PushManyReceipt>

/** What is to be pushed, or why it cannot be. */
export type IndexedMessage = { index: number } & ({ message: unknown } | { reason: string })

/**
 * Queues the good ones of some hundred messages and adds to `receipt` what became of each. An id whose push says something
 * else is among the invalid. Rejects with QueueUnavailableError, which says how many of all are queued.
 */
export async function enqueueMany(
  accounts: readonly EnqueueDeps[],
  messages: readonly IndexedMessage[],
  receipt: PushManyReceipt,
): Promise<void> {
  const leaveOut = (index: number, reason: string) => receipt.invalid.push({ index, reason })
  const fresh: { index: number; message: unknown }[] = []
  const looks = messages.map(async (item) => {
    if ('reason' in item) return item
    const checked = checkDestinations(item.message, accounts)
    if ('problems' in checked) return { index: item.index, reason: toProblemSentence(checked.problems) }
    const push = toIdentified(checked.destinations)
    return { ...item, push, isKnown: push && (await isSameRecorded(accounts, push)) }
  })
  for (const look of await Promise.all(looks)) {
    if ('reason' in look) leaveOut(look.index, look.reason)
    else if (look.isKnown === undefined) fresh.push(look)
    else if (look.isKnown) receipt.duplicates += 1
    else leaveOut(look.index, otherContent)
  }
  const duplicates: DuplicatePush[] = []
  const added = await produce(accounts, fresh, duplicates, receipt)
  for (const { index, reason } of added.invalid) leaveOut(fresh[index]?.index ?? 0, reason)
  const others = await Promise.all(duplicates.map(async (push) => [push, await isOther(push)] as const))
  const conflicting = others.filter(([, other]) => other).map(([push]) => push)
  for (const { index } of conflicting) leaveOut(fresh[index]?.index ?? 0, otherContent)
  receipt.queued += added.queued
  receipt.duplicates += added.duplicates - conflicting.length

  async function isOther({ account, push }: DuplicatePush): Promise<boolean> {
    return (await isSame(accounts, { id: push.id, account, content: toContent(push) })) === false
  }
}

const otherContent = 'id: there is a push with this id and another content'

async function produce(
  accounts: readonly EnqueueDeps[],
  fresh: readonly { message: unknown }[],
  duplicates: DuplicatePush[],
  { queued }: PushManyReceipt,
): Promise<PushManyReceipt> {
  try {
    const messages = fresh.map(({ message }) => message)
    return await openProducerOver(accounts).pushMany(messages, (duplicate) => void duplicates.push(duplicate))
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error
    const { message, mayBeQueued, cause } = error
    const before = queued === 0 ? '' : `; ${queued} of those before are queued too`
    throw new QueueUnavailableError(message + before, { queued: queued + error.queued, mayBeQueued, cause })
  }
}

/** Of the message at `index`. */
export interface IndexedProblem {
  index: number
  problem: PushProblem
  /** Another push has its id. */
  isConflict: boolean
}

/** What keeps a batch from being queued as a whole; nothing is queued. Rejects with DatabaseError or QueueUnavailableError. */
export async function findBatchProblems(
  accounts: readonly EnqueueDeps[],
  messages: readonly unknown[],
): Promise<IndexedProblem[]> {
  const problems: IndexedProblem[] = []
  const pushes: (IdentifiedPush & { index: number })[] = []
  for (const [index, message] of messages.entries()) {
    const checked = checkDestinations(message, accounts)
    if ('problems' in checked) {
      problems.push(...checked.problems.map((problem) => ({ index, problem, isConflict: false })))
      continue
    }
    const late = findLateExpiry(checked.destinations[0].message, Date.now())
    if (late) problems.push({ index, problem: late, isConflict: false })
    const push = toIdentified(checked.destinations)
    if (push) pushes.push({ ...push, index })
  }
  const firsts = new Map<string, string>()
  for (const { id, account, content, index } of pushes) {
    const key = JSON.stringify([account.appid, id])
    const first = firsts.get(key) ?? content
    firsts.set(key, first)
    if (first !== content) problems.push(toConflict(index, id))
  }
  const looks = pushes.map(async (push) => ({ ...push, same: await isSame(accounts, push) }))
  for (const { index, id, same } of await Promise.all(looks)) {
    if (same === false) problems.push(toConflict(index, id))
  }
  return problems.sort((a, b) => a.index - b.index)
}

function toConflict(index: number, id: string): IndexedProblem {
  const rule = 'an id of its own, as there is a push with this one and another content'
  return { index, problem: { field: 'id', rule, given: JSON.stringify(id) }, isConflict: true }
}

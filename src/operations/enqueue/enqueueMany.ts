import * as z from 'zod'
import type { Language } from '../../base/sentences/language.ts'
import { render } from '../../base/sentences/render.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { checkDestinations } from '../../push/destinations.ts'
import { type PushFault, toFaultSentence } from '../../push/invalidPush.ts'
import { findLateExpiry } from '../../push/message.ts'
import type { DuplicatePush } from '../../push/producer.ts'
import type { PushManyReceipt } from '../../push/pushAnswers.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import { count } from '../values.ts'
import { type IdentifiedPush, isSame, isSameRecorded, toContent, toIdentified } from './content.ts'
import { type EnqueueDeps, openProducerOver } from './enqueue.ts'
import { findKeywordFaults } from './keywords.ts'

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
 * else is among the invalid, whose reasons are in the language. Rejects with QueueUnavailableError, which says how many of all are queued.
 */
export async function enqueueMany(
  accounts: readonly EnqueueDeps[],
  messages: readonly IndexedMessage[],
  receipt: PushManyReceipt,
  language: Language,
): Promise<void> {
  const inWords = (sentence: Sentence) => render(sentence, language).seen
  const leaveOut = (index: number, reason: string) => receipt.invalid.push({ index, reason })
  const fresh: { index: number; message: unknown }[] = []
  const looks = messages.map(async (item) => {
    if ('reason' in item) return item
    const checked = checkDestinations(item.message, accounts)
    if ('problems' in checked)
      return { index: item.index, reason: inWords(toFaultSentence(checked.problems)) }
    const push = toIdentified(checked.destinations)
    const isKnown = push && (await isSameRecorded(accounts, push))
    const faults = isKnown === undefined ? await findKeywordFaults(accounts, checked.destinations) : []
    if (faults.length > 0) return { index: item.index, reason: inWords(toFaultSentence(faults)) }
    return { ...item, push, isKnown }
  })
  for (const look of await Promise.all(looks)) {
    if ('reason' in look) leaveOut(look.index, look.reason)
    else if (look.isKnown === undefined) fresh.push(look)
    else if (look.isKnown) receipt.duplicates += 1
    else leaveOut(look.index, inWords(otherContent))
  }
  const duplicates: DuplicatePush[] = []
  const added = await produce(accounts, fresh, duplicates, receipt, inWords)
  for (const { index, reason } of added.invalid) leaveOut(fresh[index]?.index ?? 0, reason)
  const others = await Promise.all(duplicates.map(async (push) => [push, await isOther(push)] as const))
  const conflicting = others.filter(([, other]) => other).map(([push]) => push)
  for (const { index } of conflicting) leaveOut(fresh[index]?.index ?? 0, inWords(otherContent))
  receipt.queued += added.queued
  receipt.duplicates += added.duplicates - conflicting.length

  async function isOther({ account, push }: DuplicatePush): Promise<boolean> {
    return (await isSame(accounts, { id: push.id, account, content: toContent(push) })) === false
  }
}

type Destinations = Parameters<typeof toIdentified>[0]

const otherContent = say('push.otherContent')

async function produce(
  accounts: readonly EnqueueDeps[],
  fresh: readonly { message: unknown }[],
  duplicates: DuplicatePush[],
  { queued }: PushManyReceipt,
  inWords: (sentence: Sentence) => string,
): Promise<PushManyReceipt> {
  try {
    const messages = fresh.map(({ message }) => message)
    return await openProducerOver(accounts, inWords).pushMany(
      messages,
      (duplicate) => void duplicates.push(duplicate),
    )
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error
    const { sentence: reason, mayBeQueued, cause } = error
    const sentence = queued === 0 ? reason : say('away.andBefore', { reason, queued: String(queued) })
    throw new QueueUnavailableError(sentence, { queued: queued + error.queued, mayBeQueued, cause })
  }
}

/** Of the message at `index`. */
export interface IndexedProblem {
  index: number
  problem: PushFault
  /** Another push has its id. */
  isConflict: boolean
}

/** What keeps a batch from being queued as a whole; nothing is queued. Rejects with DatabaseError or QueueUnavailableError. */
export async function findBatchProblems(
  accounts: readonly EnqueueDeps[],
  messages: readonly unknown[],
): Promise<IndexedProblem[]> {
  const problems: IndexedProblem[] = []
  const pushes: { index: number; destinations: Destinations; push: IdentifiedPush | undefined }[] = []
  for (const [index, message] of messages.entries()) {
    const checked = checkDestinations(message, accounts)
    if ('problems' in checked) {
      problems.push(...checked.problems.map((problem) => ({ index, problem, isConflict: false })))
      continue
    }
    const late = findLateExpiry(checked.destinations[0].message, Date.now())
    if (late) problems.push({ index, problem: late, isConflict: false })
    const { destinations } = checked
    pushes.push({ index, destinations, push: toIdentified(destinations) })
  }
  const firsts = new Map<string, string>()
  for (const { push, index } of pushes) {
    if (!push) continue
    const { id, account, content } = push
    const key = JSON.stringify([account.appid, id])
    const first = firsts.get(key) ?? content
    firsts.set(key, first)
    if (first !== content) problems.push(toConflict(index, id))
  }
  const looks = pushes.map(async ({ index, destinations, push }) => {
    const same = push && (await isSame(accounts, push))
    if (push && same === false) return [toConflict(index, push.id)]
    const faults = same ? [] : await findKeywordFaults(accounts, destinations)
    return faults.map((problem) => ({ index, problem, isConflict: false }))
  })
  problems.push(...(await Promise.all(looks)).flat())
  return problems.sort((a, b) => a.index - b.index)
}

function toConflict(index: number, id: string): IndexedProblem {
  const rule = say('push.ownIdOther')
  return { index, problem: { field: 'id', rule, given: JSON.stringify(id) }, isConflict: true }
}

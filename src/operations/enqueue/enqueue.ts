import type { Sentence } from '../../base/sentences/sentence.ts'
import { checkDestinations } from '../../push/destinations.ts'
import { InvalidPushError } from '../../push/invalidPush.ts'
import { createProducer, type Producer } from '../../push/producer.ts'
import type { PushReceipt } from '../../push/pushAnswers.ts'
import type { ProducerQueue } from '../../queue/producerQueue.ts'
import { isSame, type KnownPushes, toIdentified } from './content.ts'
import { findKeywordFaults, type KnownTemplates } from './keywords.ts'

export interface EnqueueDeps extends KnownPushes, KnownTemplates {
  openQueue(): Pick<ProducerQueue, 'run'>
}

/** `other_content`: there is a push with this id that says something else, so nothing was queued. */
export type EnqueueAnswer = PushReceipt | { id: string; status: 'other_content' }

/**
 * Queues one push. Unlike the library it knows the records too, so that an id is one push for as long as its record lives.
 * Rejects with InvalidPushError, QueueUnavailableError or DatabaseError, and then nothing was queued for sure unless it says
 * otherwise.
 */
export async function enqueue(accounts: readonly EnqueueDeps[], message: unknown): Promise<EnqueueAnswer> {
  const checked = checkDestinations(message, accounts)
  if ('problems' in checked) throw new InvalidPushError(checked.problems)
  const push = toIdentified(checked.destinations)
  const { push: produce } = openProducerOver(accounts)
  const known = push && (await isSame(accounts, push))
  if (push && known !== undefined) return { id: push.id, status: known ? 'duplicate' : 'other_content' }
  const faults = await findKeywordFaults(accounts, checked.destinations)
  if (faults.length > 0) throw new InvalidPushError(faults)
  if (!push) return produce(message)
  const { id } = push
  const receipt = await produce(message)
  if (receipt.status === 'queued') return receipt
  // Another one with this id came in between.
  return { id, status: (await isSame(accounts, push)) === false ? 'other_content' : 'duplicate' }
}

export function openProducerOver(
  accounts: readonly EnqueueDeps[],
  inWords?: (sentence: Sentence) => string,
): Producer {
  const open = (appid: string): Pick<ProducerQueue, 'run'> => {
    const account = accounts.find((known) => known.appid === appid)
    if (!account) throw new Error(`no account ${appid}`)
    return account.openQueue()
  }
  return createProducer(accounts, open, inWords)
}

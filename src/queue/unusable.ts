import type { Sentence } from '../base/sentences/sentence.ts'
import { QueueUnavailableError } from './unavailable.ts'

/** What a person has to change before the server can be used at all; the first word on it holds. */
export function createUnusable() {
  let known: Sentence | undefined
  let reject: (error: QueueUnavailableError) => void
  const promise = new Promise<never>((_, rejectIt) => {
    reject = rejectIt
  })
  // Nobody has to wait for it.
  promise.catch(() => {})
  return {
    promise,
    get: () => known,
    set(sentence: Sentence) {
      known ??= sentence
      reject(new QueueUnavailableError(known, { cause: undefined, isLasting: true }))
    },
  }
}

import { asSentence, type Sentence, toEnglish } from '../base/sentences/sentence.ts'

/** What is known about the pushes of a call that the queue did not answer. */
interface UnavailableFields {
  /** Id to repeat the push with, so that it is sent once even if it did get through. */
  pushId?: string
  /** Pushes of this call that are surely queued. */
  queued?: number
  /** Default: surely not. */
  mayBeQueued?: boolean
  /** Default: it may be there again at any time. */
  isLasting?: boolean
  cause: unknown
}

/** The queue cannot be reached or does not take the call; nothing is lost that was not reported. */
export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError'
  readonly sentence: Sentence
  readonly pushId: string | undefined
  readonly queued: number
  /** Whether the push, or some of those that are not among `queued`, may have got into the queue all the same. */
  readonly mayBeQueued: boolean
  /** Whether nothing helps but other settings. */
  readonly isLasting: boolean

  constructor(
    said: Sentence | string,
    { pushId, queued = 0, mayBeQueued = false, isLasting = false, cause }: UnavailableFields,
  ) {
    const sentence = asSentence(said)
    super(toEnglish(sentence), { cause })
    this.sentence = sentence
    this.pushId = pushId
    this.queued = queued
    this.mayBeQueued = mayBeQueued
    this.isLasting = isLasting
  }
}

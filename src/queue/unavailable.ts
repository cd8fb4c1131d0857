/** What is known about the pushes of a call that the queue did not answer. */
interface UnavailableFields {
  /** Id to repeat the push with, so that it is sent once even if it did get through. */
  pushId?: string
  /** Pushes of this call that are surely queued. */
  queued?: number
  cause: unknown
}

/** The queue cannot be reached or does not take the call; nothing is lost that was not reported. */
export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError'
  readonly pushId: string | undefined
  readonly queued: number

  constructor(sentence: string, { pushId, queued = 0, cause }: UnavailableFields) {
    super(sentence, { cause })
    this.pushId = pushId
    this.queued = queued
  }
}

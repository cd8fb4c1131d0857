/** `duplicate`: the queue remembers a push with this id, for a day at least after its `sendAt`. */
export interface PushReceipt {
  id: string
  status: 'queued' | 'duplicate'
}

export interface PushManyReceipt {
  queued: number
  duplicates: number
  /** Messages that were left out, by their position from 0. */
  invalid: { index: number; reason: string }[]
}

/** `too_late`: a try is under way, in doubt or done, or the push has come to another end. */
export type CancelAnswer = 'cancelled' | 'too_late' | 'not_found'

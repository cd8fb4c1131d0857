/** It is not known, or over. */
export class BroadcastError extends Error {
  override readonly name = 'BroadcastError'
  readonly code: 'unknown_broadcast' | 'broadcast_over'

  constructor(code: BroadcastError['code'], sentence: string) {
    super(sentence)
    this.code = code
  }
}

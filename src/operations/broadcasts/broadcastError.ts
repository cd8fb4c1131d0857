import { type Sentence, toEnglish } from '../../base/sentences/sentence.ts'

/** It is not known, or over, or there is another one of its id. */
export class BroadcastError extends Error {
  override readonly name = 'BroadcastError'
  readonly code: 'unknown_broadcast' | 'broadcast_over' | 'broadcast_differs' | 'broadcast_begun'

  readonly sentence: Sentence

  constructor(code: BroadcastError['code'], sentence: Sentence) {
    super(toEnglish(sentence))
    this.code = code
    this.sentence = sentence
  }
}

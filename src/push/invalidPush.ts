import { asSentence, type Sentence, say, toEnglish } from '../base/sentences/sentence.ts'

export interface PushProblem {
  /** Path in the message such as `data.thing1`. */
  field: string
  rule: string
  /** What was there instead, shortened. */
  given: string
}

/** The same before it is said in a language. */
export interface PushFault {
  field: string
  rule: Sentence | string
  given: Sentence | string
}

/** The message cannot be pushed; nothing of it was queued. */
export class InvalidPushError extends Error {
  override readonly name = 'InvalidPushError'
  /** In English. */
  readonly problems: PushProblem[]
  readonly faults: readonly PushFault[]
  readonly sentence: Sentence

  constructor(faults: readonly PushFault[]) {
    const sentence = toFaultSentence(faults)
    super(toEnglish(sentence))
    this.problems = faults.map(({ field, rule, given }) => ({
      field,
      rule: toEnglish(asSentence(rule)),
      given: toEnglish(asSentence(given)),
    }))
    this.faults = faults
    this.sentence = sentence
  }
}

export function toFaultSentence(faults: readonly PushFault[]): Sentence {
  return say('verbatim', {
    text: faults.map(({ field, rule, given }) => say('push.problem', { field, rule, given })),
  })
}

const shown = 30

/** A value in a few words: texts with their length and not in full, as they may be long or personal. */
export function toGiven(value: unknown): Sentence | string {
  if (value === undefined) return say('given.nothing')
  if (typeof value === 'string') {
    const characters = [...value]
    const end = characters.length > shown ? '...' : ''
    const start = JSON.stringify(characters.slice(0, shown).join('')) + end
    const count = String(characters.length)
    return say('given.characters', { count, start })
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return say('given.array')
  return typeof value === 'object' ? say('given.object') : say('given.kind', { kind: typeof value })
}

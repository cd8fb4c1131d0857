export interface PushProblem {
  /** Path in the message such as `data.thing1`. */
  field: string
  rule: string
  /** What was there instead, shortened. */
  given: string
}

/** The message cannot be pushed; nothing of it was queued. */
export class InvalidPushError extends Error {
  override readonly name = 'InvalidPushError'
  readonly problems: PushProblem[]

  constructor(problems: PushProblem[]) {
    super(toProblemSentence(problems))
    this.problems = problems
  }
}

export function toProblemSentence(problems: PushProblem[]): string {
  return problems.map(({ field, rule, given }) => `${field}: expected ${rule}, got ${given}`).join('; ')
}

const shown = 30

/** A value in a few words: texts with their length and not in full, as they may be long or personal. */
export function toGiven(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') {
    const characters = [...value]
    const start = JSON.stringify(characters.slice(0, shown).join(''))
    return `${characters.length} ${characters.length === 1 ? 'character' : 'characters'}, ${start}${characters.length > shown ? '...' : ''}`
  }
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

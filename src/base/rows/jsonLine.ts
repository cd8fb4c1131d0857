import { isObject } from '../isObject.ts'
import { type Sentence, say } from '../sentences/sentence.ts'
import { findLineProblem } from './lines.ts'

/** The object that a line of JSONL holds, or why there is none. */
export function parseJsonLine(text: string): { values: Record<string, unknown> } | { reason: Sentence } {
  const problem = findLineProblem(text)
  if (problem !== undefined) return { reason: problem }
  try {
    const values: unknown = JSON.parse(text)
    return isObject(values) ? { values } : { reason: say('line.notObject') }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { reason: say('line.notJson', { message }) }
  }
}

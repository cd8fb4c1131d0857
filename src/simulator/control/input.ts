import { Readable } from 'node:stream'
import { toText } from '../platform/answers.ts'

export type Input = Record<string, unknown>

/** What answers one request of a script: the JSON of its answer, a stream of lines, or nothing. */
export type Routes = Record<string, (input: Input, query: URLSearchParams) => unknown>

/** The request cannot be carried out; the sentence goes into a 400. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
}

export function toJson(body: string): unknown {
  if (body === '') return {}
  try {
    return JSON.parse(body)
  } catch {
    throw new ControlError('the body is not JSON')
  }
}

/** Made as it is read: a million lines are never in memory at once. */
export function toLines(items: Iterable<unknown>): Readable {
  function* lines() {
    for (const item of items) yield `${JSON.stringify(item)}\n`
  }
  return Readable.from(lines())
}

export function toCount(input: Input, name: string): number {
  const value = input[name]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw new ControlError(`${name}: expected a whole number from 0`)
}

export function toCountOrAbsent(input: Input, name: string): number | undefined {
  return input[name] === undefined ? undefined : toCount(input, name)
}

export function toFlag(input: Input, name: string): boolean | undefined {
  const value = input[name]
  if (value === undefined || typeof value === 'boolean') return value
  throw new ControlError(`${name}: expected true or false`)
}

/** A text that may be absent; an empty one counts as such. */
export function toTextOrAbsent(input: Input, name: string): string | undefined {
  const value = input[name]
  if (value === undefined || typeof value === 'string') return toText(value)
  throw new ControlError(`${name}: expected a text`)
}

/** One item or a list of them, each checked before the first is used. */
export function toList<T>(
  input: unknown,
  isItem: (item: unknown) => item is T,
  findProblem: (item: unknown) => string | undefined,
): T[] {
  const list: unknown[] = Array.isArray(input) ? input : [input]
  const problem = list.map(findProblem).find((found) => found !== undefined)
  if (problem !== undefined) throw new ControlError(problem)
  return list.filter(isItem)
}

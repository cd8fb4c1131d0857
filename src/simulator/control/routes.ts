import { Readable } from 'node:stream'
import * as z from 'zod'
import { fields, filledText, InputError, parseInput, wholeNumber } from './input.ts'

/** Answers one request of a script, given its query or JSON body: the JSON of the answer, a stream of lines, or nothing. */
export type Route = (input: unknown) => unknown

export type Routes = Record<string, Route>

export function route<T>(schema: z.ZodType<T>, run: (input: T) => unknown): Route {
  return (input) => run(parseInput(schema, input))
}

/** How a request names somebody: by number, from 0, or by openid. */
export const person = { user: wholeNumber(0).optional(), openid: filledText.optional() }

export interface NamedPerson {
  user?: number | undefined
  openid?: string | undefined
}

export function toOpenid({ user, openid }: NamedPerson, openidOf: (user: number) => string): string {
  if (openid !== undefined) return openid
  if (user === undefined) throw new InputError('user: expected the number of a person, or an openid')
  return openidOf(user)
}

const numberText = z.coerce.number('expected a number').pipe(wholeNumber(0))
export const range = fields({ from: numberText.default(0), count: numberText.default(100) })

/** Made as it is read: a million lines are never in memory at once. */
export function toLines(items: Iterable<unknown>): Readable {
  function* lines() {
    for (const item of items) yield `${JSON.stringify(item)}\n`
  }
  return Readable.from(lines())
}

export function addAll<T>(rules: T[], add: (rule: T) => unknown): { added: number } {
  for (const rule of rules) add(rule)
  return { added: rules.length }
}

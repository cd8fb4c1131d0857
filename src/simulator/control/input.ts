import * as z from 'zod'

/** Input of a script, or an option, that cannot be meant; over HTTP the sentence goes into a 400. */
export class InputError extends TypeError {
  override readonly name = 'InputError'
}

export const text = z.string('expected a text')
export const filledText = text.min(1, 'expected a text')
export const flag = z.boolean('expected true or false')

export function wholeNumber(least: number) {
  const rule = `expected a whole number from ${least}`
  return z.int(rule).min(least, rule)
}

export function share() {
  const rule = 'expected a number from 0 to 1'
  return z.number(rule).min(0, rule).max(1, rule)
}

/** An object of these fields and no others. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown field ${issue.keys.join(', ')}: expected one of ${names}`
        : `expected an object with ${names}`,
  })
}

/** Every problem in one sentence; undefined when there is none. `name` stands before each. */
export function findProblem(schema: z.ZodType, value: unknown, name?: string): string | undefined {
  const prefix = name === undefined ? [] : [name]
  return schema
    .safeParse(value)
    .error?.issues.map(({ path, message }) =>
      [[...prefix, ...path].join('.'), message].filter(Boolean).join(': '),
    )
    .join('; ')
}

/** @throws InputError */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, name?: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new InputError(findProblem(schema, value, name))
}

/** One item or a list of them, all checked before the first is used. */
export function parseList<T>(schema: z.ZodType<T>, value: unknown): T[] {
  return Array.isArray(value) ? parseInput(z.array(schema), value) : [parseInput(schema, value)]
}

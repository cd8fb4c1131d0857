import type { z } from 'zod'
import { ConfigError, type ConfigProblem } from './configError.ts'
import { environmentSchema, proxySchema, secrets } from './environment.ts'

export type Environment = Record<string, string | undefined>

/** What a source of settings holds, or everything that is wrong with it. */
export type Checked<T> = { values: T } | { problems: ConfigProblem[] }

export function check<T>(schema: z.ZodType<T>, env: Environment): Checked<T> {
  const result = schema.safeParse(withoutEmpty(env))
  if (result.success) return { values: result.data }
  const issues = new Map(result.error.issues.map((issue) => [String(issue.path[0]), issue]))
  return { problems: [...issues].map(([name, issue]) => toProblem(name, env[name], toExpected(issue))) }
}

/** @throws ConfigError naming every problem at once */
export function parse<T>(schema: z.ZodType<T>, env: Environment): T {
  return bothOrThrow(check(schema, env), { values: undefined })[0]
}

/** @throws ConfigError with the problems of both */
export function bothOrThrow<A, B>(first: Checked<A>, second: Checked<B>): [A, B] {
  if ('values' in first && 'values' in second) return [first.values, second.values]
  throw new ConfigError([first, second].flatMap((checked) => ('problems' in checked ? checked.problems : [])))
}

export function toProblem(variable: string, found: string | undefined, special?: string): ConfigProblem {
  const variables = Object.entries({ ...environmentSchema.shape, ...proxySchema.shape })
  const expected = special ?? variables.find(([name]) => name === variable)?.[1].description
  return { variable, expected: expected ?? 'a valid value', found: toFound(variable, found) }
}

export function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
}

/** What the value in question lacks, when there is more to say than what the variable is for. */
function toExpected(issue: z.core.$ZodIssue): string | undefined {
  const expected: unknown = issue.code === 'custom' ? issue.params?.expected : undefined
  return typeof expected === 'string' && expected !== '' ? expected : undefined
}

function toFound(variable: string, value: string | undefined): string {
  if (!value) return 'nothing'
  if (secrets.has(variable)) return `${value.length} characters (not shown)`
  // Up to the last @, because a password that is not encoded may hold anything, a comma and a slash included.
  return JSON.stringify(
    value.replace(/^([a-z+]+:\/\/)?.*@/is, '$1***@').replace(/(password=)[^&]*/gi, '$1***'),
  )
}

import type { z } from 'zod'
import { ConfigError, type ConfigFault } from '../configError.ts'
import { findRule } from '../sentences/rule.ts'
import { isSentence, type Sentence, say } from '../sentences/sentence.ts'
import type { DatabaseConfig } from './values.ts'
import { environmentSchema, proxySchema, secrets } from './variables.ts'

export type Environment = Record<string, string | undefined>

/** What a source of settings holds, or everything that is wrong with it. */
export type Checked<T> = { values: T } | { problems: ConfigFault[] }

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

/**
 * What a `DATABASE_URL` says.
 * @throws ConfigError
 */
export function parseDatabaseUrl(url: string): DatabaseConfig {
  return parse(environmentSchema.pick({ DATABASE_URL: true }).required(), { DATABASE_URL: url }).DATABASE_URL
}

export function toProblem(variable: string, found: string | undefined, special?: Sentence): ConfigFault {
  const variables = Object.entries({ ...environmentSchema.shape, ...proxySchema.shape })
  const description = variables.find(([name]) => name === variable)?.[1].description
  const usual = description === undefined ? say('expected.valid') : findRule(description)
  return { variable, expected: special ?? usual, found: toFound(variable, found) }
}

export function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
}

/** What the value in question lacks, when there is more to say than what the variable is for. */
function toExpected(issue: z.core.$ZodIssue): Sentence | undefined {
  const expected: unknown = issue.code === 'custom' ? issue.params?.expected : undefined
  return isSentence(expected) ? expected : undefined
}

function toFound(variable: string, value: string | undefined): Sentence | string {
  if (!value) return say('found.nothing')
  if (secrets.has(variable)) return say('found.hidden', { count: String(value.length) })
  // Up to the last @, because a password that is not encoded may hold anything, a comma and a slash included.
  return JSON.stringify(
    value.replace(/^([a-z+]+:\/\/)?.*@/is, '$1***@').replace(/(password=)[^&]*/gi, '$1***'),
  )
}

import { readFileSync, statSync } from 'node:fs'
import type * as z from 'zod'
import type { ConfigFault } from '../configError.ts'
import type { Checked, Environment } from '../environment/checkEnvironment.ts'
import { findRule } from '../sentences/rule.ts'
import { type Sentence, say } from '../sentences/sentence.ts'
import {
  type AccountEntry,
  type AccountNames,
  type AtLeastOne,
  accountNamesSchema,
  findRepetitions,
  toAccountsSchema,
} from './accountsSchema.ts'

/** What a value is called there, when it may be shown. */
const shown = /(^|\.)(name|appid|syncCron|rate|concurrency)$/

/** The accounts of the file at `path`, with every problem of it at once; `isCron` judges a `syncCron`. */
export function readAccountsFile(
  path: string,
  env: Environment,
  isCron: (expression: string) => boolean,
): Checked<AtLeastOne<AccountEntry>> {
  const { json, problem } = readJson(path)
  if (problem) return { problems: [problem] }
  const unset: ConfigFault[] = []
  return parse(toAccountsSchema(isCron), resolveVariables(json, [], env, unset), unset)
}

/** Only what a producer needs to know: no secret is looked at, so variables need not be there. */
export function readAccountNames(path: string): Checked<AtLeastOne<AccountNames>> {
  const { json, problem } = readJson(path)
  return problem ? { problems: [problem] } : parse(accountNamesSchema, json, [])
}

/** A file that others can read is a file whose secrets others can read. */
export function findAccountsFileDanger(path: string): string | undefined {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  if (process.platform === 'win32' || (mode & 0o077) === 0) return undefined
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  return `other users of this machine can read ACCOUNTS_FILE (its mode is ${octal}): chmod 600 ${path}`
}

function readJson(path: string): { json?: unknown; problem?: ConfigFault } {
  const fail = (found: Sentence) => ({
    problem: { variable: 'ACCOUNTS_FILE', expected: say('expected.jsonFile'), found },
  })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return fail(code === 'ENOENT' ? say('found.noFile', { path }) : say('found.unreadable', { path, code }))
  }
  try {
    return { json: JSON.parse(text.replace(/^\ufeff/, '')) }
  } catch (error) {
    // Its own message may quote a secret.
    const position = /at position (\d+)/.exec(String(error))?.[1]
    const number = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length
    const line = number === undefined ? '' : say('found.inLine', { line: String(number) })
    return fail(say('found.noJson', { path, line }))
  }
}

/** A text that is `${NAME}` as a whole stands for the variable. */
function resolveVariables(
  value: unknown,
  path: PropertyKey[],
  env: Environment,
  unset: ConfigFault[],
): unknown {
  if (typeof value === 'string') {
    const name = /^\$\{([A-Za-z_]\w*)\}$/.exec(value)?.[1]
    if (name === undefined) return value
    if (!env[name]) {
      const expected = say('expected.variable', { name })
      unset.push({ variable: toName(path), expected, found: say('found.nothing') })
    }
    return env[name] || undefined
  }
  if (Array.isArray(value)) return value.map((item, i) => resolveVariables(item, [...path, i], env, unset))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveVariables(item, [...path, key], env, unset)]),
  )
}

function parse<T>(
  schema: z.ZodType<{ accounts: T[] }>,
  json: unknown,
  unset: ConfigFault[],
): Checked<AtLeastOne<T>> {
  const result = schema.safeParse(json, { reportInput: true })
  const known = new Set(unset.map(({ variable }) => variable))
  const issues = [
    ...(result.error?.issues.flatMap(toProblems) ?? []),
    ...findRepetitions(json).map(toProblem),
  ]
  const problems = [...unset, ...issues.filter(({ variable }) => !known.has(variable))]
  const [first, ...others] = result.data?.accounts ?? []
  return first === undefined || problems.length > 0 ? { problems } : { values: [first, ...others] }
}

function toProblems(issue: z.core.$ZodIssue): ConfigFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      variable: toName([...issue.path, key]),
      expected: say('expected.noField'),
      found: say('found.field'),
    }))
  }
  const { path, message, input } = issue
  return [toProblem({ path, expected: findRule(message), input })]
}

function toProblem({ path, expected, input }: { path: PropertyKey[]; expected: Sentence; input?: unknown }) {
  const variable = toName(path)
  return { variable, expected, found: toFound(variable, input) }
}

/** `accounts[2].secret`. */
function toName(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
  return steps.join('').replace(/^\./, '') || 'ACCOUNTS_FILE'
}

function toFound(variable: string, value: unknown): Sentence | string {
  if (value === undefined || value === '') return say('found.nothing')
  if (value === null) return 'null'
  if (typeof value === 'object') return Array.isArray(value) ? say('found.array') : say('found.object')
  const text = String(value)
  return shown.test(variable) ? JSON.stringify(value) : say('found.hidden', { count: String(text.length) })
}

import * as z from 'zod'
import type { AccountName } from '../base/accounts/accountName.ts'
import { findAccount, toOneOf } from '../base/accounts/accountName.ts'
import { say } from '../base/sentences/sentence.ts'
import { type PushFault, toGiven } from './invalidPush.ts'
import { checkMessage, type ValidMessage } from './message.ts'

/** An account that a push may go to, and what is sent there. */
export interface Destination {
  account: AccountName
  message: ValidMessage
}

/** In order of preference. */
export type Destinations = readonly [Destination, ...Destination[]]

type Checked = { destinations: Destinations } | { problems: PushFault[] }

/** What an entry of a list may say of its own; checked with the rest of the message. */
const entrySchema = z.strictObject({
  account: z.string(),
  templateId: z.unknown().optional(),
  data: z.unknown().optional(),
  url: z.unknown().optional(),
  miniprogram: z.unknown().optional(),
})

const listRule = say('push.accountList', { form: '{account, templateId, data, url, miniprogram}' })
const mostEntries = 20

/** Checks a message for each account that it may go to, in order of preference. */
export function checkDestinations(given: unknown, accounts: readonly AccountName[]): Checked {
  const word: unknown = Reflect.get(Object(given), 'account')
  return Array.isArray(word) ? checkList(Object(given), word, accounts) : checkOne(given, word, accounts)
}

function checkOne(given: unknown, word: unknown, accounts: readonly AccountName[]): Checked {
  const checked = checkMessage(given)
  const account = findMeantAccount(word, accounts)
  const problems = 'problems' in checked ? checked.problems : []
  if (!account) problems.push(toAccountProblem('account', word, accounts))
  if ('message' in checked && account) return { destinations: [{ account, message: checked.message }] }
  return { problems }
}

function checkList(
  given: Record<string, unknown>,
  list: readonly unknown[],
  accounts: readonly AccountName[],
): Checked {
  const problems: PushFault[] = []
  if (list.length === 0 || list.length > mostEntries) {
    const found = list.length === 0 ? say('given.emptyList') : `${list.length}`
    const rule = say('push.accountCount', { most: String(mostEntries) })
    problems.push({ field: 'account', rule, given: found })
  }
  if (list.length > 1 && given.openid !== undefined) {
    problems.push({
      field: 'account',
      rule: say('push.oneAccount'),
      given: `${list.length}`,
    })
  }
  const found = list.slice(0, mostEntries).flatMap((entry, i) => {
    const checked = checkEntry(given, entry, `account.${i}`, accounts)
    if ('message' in checked) return [checked]
    problems.push(...checked.problems)
    return []
  })
  const repeated = found.find(({ account }, i) => found.findIndex((other) => other.account === account) < i)
  if (repeated) {
    const given = say('given.twice', { name: repeated.account.name })
    problems.push({ field: 'account', rule: say('push.accountOnce'), given })
  }
  const [first, ...others] = found
  return first && problems.length === 0
    ? { destinations: [first, ...others] }
    : { problems: withoutRepetitions(problems) }
}

function checkEntry(
  given: Record<string, unknown>,
  entry: unknown,
  path: string,
  accounts: readonly AccountName[],
): Destination | { problems: PushFault[] } {
  const { data: parsed, error } = entrySchema.safeParse(
    typeof entry === 'string' ? { account: entry } : entry,
    { reportInput: true },
  )
  if (!parsed) {
    const unknown = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []))
    const [key] = unknown
    if (key === undefined) return { problems: [{ field: path, rule: listRule, given: toGiven(entry) }] }
    const value: unknown = Reflect.get(Object(entry), key)
    return { problems: [{ field: `${path}.${key}`, rule: say('push.noField'), given: toGiven(value) }] }
  }
  const { account: word, ...more } = parsed
  const own = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined))
  const checked = checkMessage({ ...given, account: undefined, ...own })
  const account = findAccount(accounts, word)
  const problems = 'problems' in checked ? checked.problems.map((problem) => toOwn(problem, own, path)) : []
  if (!account) problems.push(toAccountProblem(path, word, accounts))
  return 'message' in checked && account ? { account, message: checked.message } : { problems }
}

/** Without a word it is the only one. */
export function findMeantAccount<T extends AccountName>(
  word: unknown,
  accounts: readonly T[],
): T | undefined {
  if (word === undefined) return accounts.length === 1 ? accounts[0] : undefined
  return typeof word === 'string' ? findAccount(accounts, word) : undefined
}

export function toAccountProblem(field: string, word: unknown, accounts: readonly AccountName[]): PushFault {
  return { field, rule: toOneOf(accounts), given: toGiven(word) }
}

/** A problem under the name of the field that was given: in the entry, or in the push where that says it for all. */
function toOwn(problem: PushFault, own: Record<string, unknown>, path: string): PushFault {
  const [top = ''] = problem.field.split('.')
  return top in own ? { ...problem, field: `${path}.${problem.field}` } : problem
}

function withoutRepetitions(problems: readonly PushFault[]): PushFault[] {
  return problems.filter(({ field }, i) => problems.findIndex((other) => other.field === field) === i)
}

import * as z from 'zod'
import type { AccountName } from '../base/accounts/accountName.ts'
import { findAccount, toNames } from '../base/accounts/accountName.ts'
import { type PushProblem, toGiven } from './invalidPush.ts'
import { checkMessage, type ValidMessage } from './message.ts'

/** An account that a push may go to, and what is sent there. */
export interface Destination {
  account: AccountName
  message: ValidMessage
}

type Checked = { destinations: [Destination, ...Destination[]] } | { problems: PushProblem[] }

/** What an entry of a list may say of its own; checked with the rest of the message. */
const entrySchema = z.strictObject({
  account: z.string(),
  templateId: z.unknown().optional(),
  data: z.unknown().optional(),
  url: z.unknown().optional(),
  miniprogram: z.unknown().optional(),
})

const listRule = 'a list of accounts, each a name, an AppID or {account, templateId, data, url, miniprogram}'
const mostEntries = 20

/** Checks a message for each account that it may go to, in order of preference. */
export function checkDestinations(given: unknown, accounts: readonly AccountName[]): Checked {
  const word: unknown = Reflect.get(Object(given), 'account')
  return Array.isArray(word) ? checkList(Object(given), word, accounts) : checkOne(given, word, accounts)
}

function checkOne(given: unknown, word: unknown, accounts: readonly AccountName[]): Checked {
  const checked = checkMessage(given)
  const account = chooseAccount(word, accounts)
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
  const problems: PushProblem[] = []
  if (list.length === 0 || list.length > mostEntries) {
    const found = list.length === 0 ? 'none' : `${list.length}`
    problems.push({ field: 'account', rule: `1 to ${mostEntries} accounts`, given: found })
  }
  if (list.length > 1 && given.openid !== undefined) {
    problems.push({
      field: 'account',
      rule: 'one account, because an openid belongs to one',
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
    problems.push({ field: 'account', rule: 'each account once', given: `${repeated.account.name} twice` })
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
): Destination | { problems: PushProblem[] } {
  const { data: parsed, error } = entrySchema.safeParse(
    typeof entry === 'string' ? { account: entry } : entry,
    { reportInput: true },
  )
  if (!parsed) {
    const unknown = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []))
    const [key] = unknown
    if (key === undefined) return { problems: [{ field: path, rule: listRule, given: toGiven(entry) }] }
    const value: unknown = Reflect.get(Object(entry), key)
    return { problems: [{ field: `${path}.${key}`, rule: 'no such field', given: toGiven(value) }] }
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
function chooseAccount(word: unknown, accounts: readonly AccountName[]): AccountName | undefined {
  if (word === undefined) return accounts.length === 1 ? accounts[0] : undefined
  return typeof word === 'string' ? findAccount(accounts, word) : undefined
}

function toAccountProblem(field: string, word: unknown, accounts: readonly AccountName[]): PushProblem {
  return { field, rule: `one of ${toNames(accounts)}`, given: toGiven(word) }
}

/** A problem under the name of the field that was given: in the entry, or in the push where that says it for all. */
function toOwn(problem: PushProblem, own: Record<string, unknown>, path: string): PushProblem {
  const [top = ''] = problem.field.split('.')
  return top in own ? { ...problem, field: `${path}.${problem.field}` } : problem
}

function withoutRepetitions(problems: readonly PushProblem[]): PushProblem[] {
  return problems.filter(({ field }, i) => problems.findIndex((other) => other.field === field) === i)
}

import type { AccountName } from '../../base/accounts/accountName.ts'
import { findAccount, toNames, toOneOf } from '../../base/accounts/accountName.ts'
import type { AtLeastOne } from '../../base/accounts/accountsSchema.ts'
import type { Config } from '../../base/config.ts'
import { say } from '../../base/sentences/sentence.ts'
import { UsageError } from '../args.ts'
import { toExpected } from '../command.ts'

const account = { type: 'string', valueHint: 'name' } as const

/** For commands that do what they do for all accounts. */
export const accountsArg = {
  account: { ...account, description: 'account.all' },
} as const
/** For commands that need to know. */
export const accountArg = {
  account: { ...account, description: 'account.one' },
} as const

/** The configuration with those accounts only that are meant by `--account`; without it all. Raises UsageError. */
export function narrow(config: Config, word: string | undefined): Config {
  return word === undefined ? config : { ...config, accounts: [chooseAccount(config.accounts, word)] }
}

/** The one that is meant by `--account`; without it the only one. Raises UsageError. */
export function chooseAccount<T extends AccountName>(accounts: AtLeastOne<T>, word: string | undefined): T {
  const [first, ...others] = accounts
  if (word === undefined && others.length === 0) return first
  if (word === undefined) throw new UsageError(say('usage.whichAccount', { names: toNames(accounts) }))
  const found = findAccount(accounts, word)
  if (!found) throw toExpected('account', toOneOf(accounts), word)
  return found
}

import type { AccountName } from '../../base/accounts/accountName.ts'
import { findAccount, toNames } from '../../base/accounts/accountName.ts'
import type { AtLeastOne } from '../../base/accounts/accountsSchema.ts'
import type { Config } from '../../base/config.ts'
import { UsageError } from '../args.ts'

const account = { type: 'string', valueHint: 'name' } as const

/** For commands that do what they do for all accounts. */
export const accountsArg = {
  account: { ...account, description: 'name or AppID; default: every account' },
} as const
/** For commands that need to know. */
export const accountArg = {
  account: { ...account, description: 'name or AppID, where there are several' },
} as const

/** The configuration with those accounts only that are meant by `--account`; without it all. Raises UsageError. */
export function narrow(config: Config, word: string | undefined): Config {
  return word === undefined ? config : { ...config, accounts: [chooseAccount(config.accounts, word)] }
}

/** The one that is meant by `--account`; without it the only one. Raises UsageError. */
export function chooseAccount<T extends AccountName>(accounts: AtLeastOne<T>, word: string | undefined): T {
  const [first, ...others] = accounts
  if (word === undefined && others.length === 0) return first
  if (word === undefined) throw new UsageError(`--account is missing: which of ${toNames(accounts)}?`)
  const found = findAccount(accounts, word)
  if (!found) throw new UsageError(`--account expects one of ${toNames(accounts)}, got '${word}'`)
  return found
}

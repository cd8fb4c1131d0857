import type { Account } from '../../account.ts'
import type { AtLeastOne } from '../../base/accounts/accountsSchema.ts'
import type { Config, SharedConfig } from '../../base/config.ts'
import { createLog } from '../../base/log.ts'
import { loadConfig } from '../../base/programConfig.ts'
import type { Output } from '../output.ts'
import { chooseAccount, narrow } from './accountArg.ts'

interface OpenedAccounts {
  accounts: AtLeastOne<Account>
  runtime: Account['runtime']
  config: SharedConfig
}

/**
 * Opens the accounts that `--account` means, or all of them, for a command that answers and ends, and closes them whatever
 * happens. Raises UsageError.
 */
export function withAccounts<T>(
  out: Output,
  word: string | undefined,
  use: (opened: OpenedAccounts) => Promise<T>,
): Promise<T> {
  return withConfig(out, narrow(loadConfig(), word), use)
}

/** The same for a command about one account: where there are several, `--account` has to say which. Raises UsageError. */
export function withAccount<T>(
  out: Output,
  word: string | undefined,
  use: (account: Account) => Promise<T>,
): Promise<T> {
  const config = loadConfig()
  const accounts: Config['accounts'] = [chooseAccount(config.accounts, word)]
  return withConfig(out, { ...config, accounts }, (opened) => use(opened.accounts[0]))
}

async function withConfig<T>(
  out: Output,
  config: Config,
  use: (opened: OpenedAccounts) => Promise<T>,
): Promise<T> {
  // Nine tenths of what a command loads; one that is used wrongly needs none of it.
  const { openAccounts } = await import('../../account.ts')
  const log = createLog({ level: toCommandLevel(config), pretty: isPretty(out) })
  const opened = await openAccounts(config, log)
  try {
    return await use({ ...opened, config })
  } finally {
    await opened.close()
  }
}

/** What went wrong on the way is in the answer of such a command; a log line would only tear its progress bar apart. */
export function toCommandLevel({ logLevel }: SharedConfig) {
  return logLevel === 'info' || logLevel === 'warn' ? 'error' : logLevel
}

export function isPretty(out: Output): boolean {
  return process.stderr.isTTY && !out.json
}

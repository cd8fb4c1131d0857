import { type Account, openAccounts } from '../../src/account.ts'
import type { AccountSettings, Config } from '../../src/base/config.ts'
import type { Log } from '../../src/base/log.ts'

/** The account of a configuration with one; closing it closes what it runs on. */
export async function openOnlyAccount(config: Config, log: Log): Promise<Account> {
  const { accounts, close } = await openAccounts(config, log)
  return { ...accounts[0], close }
}

/** All that holds for it. */
export function toOnlyAccount({ accounts, ...shared }: Config): AccountSettings {
  return { ...shared, ...accounts[0] }
}

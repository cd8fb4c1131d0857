import type { Account } from '../account.ts'
import { type Config, readEnvironment } from '../base/config.ts'
import { createLog } from '../base/log.ts'
import { loadConfig } from '../base/programConfig.ts'
import type { Output } from './output.ts'

/** Opens the account for a command that answers and ends, and closes it whatever happens. */
export async function withAccount<T>(
  out: Output,
  use: (account: Account) => Promise<T>,
  /** Instead of the configured one; only for what calls nothing of WeChat's. */
  appid?: string,
): Promise<T> {
  const env = readEnvironment()
  const config = loadConfig(appid === undefined ? env : { ...env, WECHAT_APPID: appid })
  // Nine tenths of what a command loads; one that is used wrongly needs none of it.
  const { openAccount } = await import('../account.ts')
  const log = createLog({ level: toCommandLevel(config), pretty: isPretty(out) })
  const account = await openAccount(config, log)
  try {
    return await use(account)
  } finally {
    await account.close()
  }
}

/** What went wrong on the way is in the answer of such a command; a log line would only tear its progress bar apart. */
function toCommandLevel({ logLevel }: Config) {
  return logLevel === 'info' || logLevel === 'warn' ? 'error' : logLevel
}

export function isPretty(out: Output): boolean {
  return process.stderr.isTTY && !out.json
}

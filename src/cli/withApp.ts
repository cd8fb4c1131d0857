import type { App } from '../app.ts'
import { type Config, readEnvironment } from '../base/config.ts'
import { createLog } from '../base/log.ts'
import { loadConfig } from '../base/programConfig.ts'
import type { Output } from './output.ts'

/** Builds the app for a command that answers and ends, and closes it whatever happens. */
export async function withApp<T>(
  out: Output,
  use: (app: App) => Promise<T>,
  /** Instead of the configured one; only for what calls nothing of WeChat's. */
  account?: string,
): Promise<T> {
  const env = readEnvironment()
  const config = loadConfig(account === undefined ? env : { ...env, WECHAT_APPID: account })
  // Nine tenths of what a command loads; one that is used wrongly needs none of it.
  const { createApp } = await import('../app.ts')
  const app = await createApp(config, createLog({ level: toCommandLevel(config), pretty: isPretty(out) }))
  try {
    return await use(app)
  } finally {
    await app.close()
  }
}

/** What went wrong on the way is in the answer of such a command; a log line would only tear its progress bar apart. */
function toCommandLevel({ logLevel }: Config) {
  return logLevel === 'info' || logLevel === 'warn' ? 'error' : logLevel
}

export function isPretty(out: Output): boolean {
  return process.stderr.isTTY && !out.json
}

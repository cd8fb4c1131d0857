import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { App } from '../../app.ts'
import { findAccountsFileDanger } from '../../base/accounts/accountsFile.ts'
import type { Config } from '../../base/config.ts'
import { minute } from '../../base/duration.ts'
import { every } from '../../base/every.ts'

/**
 * Has the app follow its ACCOUNTS_FILE: on SIGHUP, and within a minute after the file has changed. What cannot be used
 * changes nothing and is told once. Until the returned function is called.
 */
export function watchAccountsFile(
  path: string,
  load: () => Config,
  app: App,
  afterChange: (app: App) => Promise<void>,
): () => void {
  const { log } = app
  let seen = toVersion(path)
  let isOver = false
  warnIfOpen()

  function reload(): void {
    if (isOver) return
    seen = toVersion(path)
    let config: Config
    try {
      config = load()
    } catch (error) {
      const problems = error instanceof Error ? error.message : String(error)
      log.error({ problems }, 'ACCOUNTS_FILE cannot be used, the accounts stay as they were')
      return
    }
    warnIfOpen()
    // Takes up the new ones at once; only what leaves may take its time.
    const changed = app.changeAccounts(config.accounts, (changes) => log.info(changes, 'accounts read again'))
    Promise.all([changed, afterChange(app)]).catch((error) =>
      log.error({ err: error }, 'what the accounts need could not all be started'),
    )
  }

  function warnIfOpen(): void {
    const danger = findAccountsFileDanger(path)
    if (danger !== undefined) log.warn(danger)
  }

  // Kept to the end: without a listener the signal would end the process.
  process.on('SIGHUP', reload)
  const stop = every(minute, () => {
    if (toVersion(path) !== seen) reload()
  })
  return () => {
    isOver = true
    stop()
  }
}

/** Undefined while there is no file to read. */
function toVersion(path: string): string | undefined {
  try {
    return hash('sha256', readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

import { once } from 'node:events'
import { format } from 'node:util'
import type { App } from '../../app.ts'
import { ConfigError } from '../../base/configError.ts'
import { second } from '../../base/duration.ts'
import { createLog, type Log } from '../../base/log.ts'
import { loadConfig } from '../../base/programConfig.ts'
import { say } from '../../base/sentences/sentence.ts'
import { narrow } from '../accounts/accountArg.ts'
import { watchAccountsFile } from '../accounts/watchAccountsFile.ts'
import { isPretty } from '../accounts/withAccounts.ts'
import type { Output } from '../output.ts'
import { createStopSignal } from '../signals.ts'
import { untilReachable } from './untilReachable.ts'

/**
 * Runs parts of the app until a signal, in good order, for the accounts that `--account` means or for all; says "ready" in
 * the log when all of them are. `afterChange` is for what may be wanted once other accounts are there.
 */
export async function runService(
  out: Output,
  word: string | undefined,
  start: (app: App) => Promise<void>,
  afterChange: (app: App) => Promise<void> = async () => {},
): Promise<number> {
  const stop = createStopSignal()
  const stopped = once(stop, 'abort')
  const load = () => narrow(loadConfig(), word)
  const config = load()
  const log = createLog({ level: config.logLevel, pretty: isPretty(out), language: config.language })
  logConsole(log)
  const { createApp } = await import('../../app.ts')
  const app = await Promise.race([
    untilReachable(() => createApp(config, log), log, stop),
    stopped.then(() => undefined),
  ])
  if (!app) {
    exitSoon()
    log.info('stopped')
    return 0
  }
  const unwatch = config.accountsFile && watchAccountsFile(config.accountsFile, load, app, afterChange)
  try {
    const started = start(app)
    // A part may wait for its server for ever; the signal must not, and then nobody wants to know how it ended.
    stop.addEventListener('abort', () => started.catch(() => {}))
    await Promise.race([started, stopped])
    if (!stop.aborted) log.info('ready')
    await stopped
    log.info('stopping')
  } finally {
    if (unwatch) unwatch()
    await app.close()
    exitSoon()
  }
  log.info('stopped')
  return 0
}

/** BullMQ waits for ever for connections that were closed while they were being reconnected, and `pg` for an answer. */
function exitSoon(): void {
  setTimeout(() => process.exit(), second).unref()
}

/** Libraries warn on the console, between the lines of the log. */
function logConsole(log: Log): void {
  const write = (...words: unknown[]) => log.warn({ console: true }, format(...words))
  console.warn = write
  console.error = write
}

/** Before all else: that a queue is waited for is no reason not to answer. */
export async function answerForHealth(app: App): Promise<void> {
  const url = await app.startHealth()
  if (url !== undefined) app.log.info({ url }, 'health is served')
}

/** Serves what is configured. Rejects with a ConfigError when that is nothing. */
export async function serveHttp(app: App): Promise<void> {
  if (!app.hasHttp()) {
    const expected = say('expected.anyHttp')
    throw new ConfigError([{ variable: 'WECHAT_CALLBACK_TOKEN', expected, found: say('found.nothing') }])
  }
  app.log.info({ url: await app.startHttp() }, 'HTTP is served')
}

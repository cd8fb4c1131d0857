import { setTimeout as sleep } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import type { Setup } from './setup.ts'

const sendPath = '/cgi-bin/message/template/send'
const pause = 7_000

/**
 * What happens on a usual bad day, one thing after the other, until the signal. Nothing that slows the account down:
 * the load is to be steady.
 */
export async function disturb(setup: Setup, signal: AbortSignal): Promise<number> {
  const { simulator, wire, redis, callbackUrl, databasePath } = setup
  simulator.addFault({ path: sendPath, action: { status: 502 }, probability: 0.002 })
  simulator.addFault({ path: sendPath, action: 'reset_after', probability: 0.002 })
  simulator.addCallbackRule({ event: 'TEMPLATESENDJOBFINISH', copies: 1, probability: 0.05 })
  const mishaps: (() => unknown)[] = [
    () => simulator.killToken(),
    () => wire.cut(),
    () => redis.wire.cut(),
    () => hold(databasePath),
    () => postGarbage(callbackUrl),
    () => simulator.addFault({ path: sendPath, action: { delayMs: 2_000 }, times: 20 }),
  ]
  let count = 0
  for (; !signal.aborted; count++) {
    await mishaps[count % mishaps.length]?.()
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
  simulator.clearFaults()
  simulator.clearCallbackRules()
  return count
}

/** Takes SQLite's lock for half a second, as a backup would. */
async function hold(path: string): Promise<void> {
  const connection = new Sqlite(path, { fileMustExist: true, timeout: 1_000 })
  try {
    connection.exec('begin immediate')
    await sleep(500)
  } finally {
    connection.close()
  }
}

async function postGarbage(url: string): Promise<void> {
  const headers = { 'content-type': 'text/xml' }
  const post = () =>
    fetch(`${url}/wechat/callback?timestamp=1&nonce=1`, { method: 'POST', headers, body: '<xml' })
  await Promise.all(Array.from({ length: 20 }, post))
}

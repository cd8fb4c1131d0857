import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import { DatabaseError } from '../../db/databaseError.ts'

/**
 * What `open` resolves with, called again every second while the database server is away, as a service waits for its
 * queue; undefined = `stop` came first. What waiting cannot mend rejects at once.
 */
export async function untilReachable<T>(
  open: () => Promise<T>,
  log: Log,
  stop: AbortSignal,
): Promise<T | undefined> {
  for (let tries = 1; !stop.aborted; tries++) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== 'unreachable') throw error
      if (tries === 1) log.warn({ reason: error.message }, 'database unavailable, waiting for it')
    }
    await sleep(second, undefined, { signal: stop }).catch(() => {})
  }
  return undefined
}

import { statSync } from 'node:fs'
import { second } from '../../../base/duration.ts'
import { every } from '../../../base/every.ts'
import type { Log } from '../../../base/log.ts'
import { createOutage } from '../../../base/outage.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { DatabaseError } from '../../databaseError.ts'

const interval = 10 * second

export interface FileWatch {
  /** Why nothing must be written now; undefined while the file is the one that was opened. */
  fault(): DatabaseError | undefined
  stop(): void
}

/** SQLite goes on with the file it has opened, wherever that was moved; what is written there nobody else would see. */
export function watchFile(path: string, log: Log): FileWatch {
  const opened = identify(path)
  let fault: DatabaseError | undefined
  const outage = createOutage<Error>({
    onFail: ({ message }) => log.error({ path }, `${message}. Nothing is written until then`),
    onPass: () => log.info({ path }, 'the database is in its place again'),
  })
  const look = () => {
    fault = identify(path) === opened ? undefined : toMoved(path)
    if (fault) outage.fail(fault)
    else outage.pass()
  }
  const stop = every(interval, look, (error) =>
    log.warn({ err: error, path }, 'database file cannot be checked'),
  )
  return { fault: () => fault, stop }
}

function identify(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats && `${stats.dev} ${stats.ino}`
}

function toMoved(path: string): DatabaseError {
  return new DatabaseError('moved', say('db.moved', { address: path }))
}

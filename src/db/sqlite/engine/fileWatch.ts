import { statSync } from 'node:fs'
import { second } from '../../../base/duration.ts'
import type { Log } from '../../../base/log.ts'
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
  const timer = setInterval(() => {
    const wasMoved = fault !== undefined
    fault = identify(path) === opened ? undefined : toMoved(path)
    if (fault && !wasMoved) log.error({ path }, `${fault.message}. Nothing is written until then`)
    if (!fault && wasMoved) log.info({ path }, 'the database is in its place again')
  }, interval)
  return { fault: () => fault, stop: () => clearInterval(timer) }
}

function identify(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats && `${stats.dev} ${stats.ino}`
}

function toMoved(path: string): DatabaseError {
  return new DatabaseError(
    'moved',
    `Database ${path} was moved, deleted or replaced while it was in use: put it back, or restart this process to use what is there now`,
  )
}

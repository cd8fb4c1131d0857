import type Sqlite from 'better-sqlite3'
import type { Group, StatementResult } from './statement.ts'
import { createTransaction, longLog, openForWriting, type Transaction } from './transaction.ts'

const commitsPerLook = 50

export interface InlineWriter {
  /** One commit, which waits neither for a lock nor for the disk. Undefined, with nothing written, when it cannot be done so. */
  tryWrite(groups: readonly Group[]): StatementResult[][] | undefined
  /** Undefined until something was written. */
  connection(): Sqlite.Database | undefined
  close(): void
}

/** Writes on the thread that asks: what is small and written all the time costs less here than the way to another thread. */
export function createInlineWriter(path: string): InlineWriter {
  let connection: Sqlite.Database | undefined
  let open: { transaction: Transaction; look: Sqlite.Statement<[], { log: number }> } | undefined
  let commits = 0

  return {
    tryWrite(groups) {
      try {
        open ??= openConnection()
        if (isLogLong(open.look)) return undefined
        const results = open.transaction(groups)
        commits += 1
        return results
      } catch {
        // Whoever writes it instead meets the same fault, if it is one, and tells it.
        return undefined
      }
    },
    connection: () => connection,
    close() {
      connection?.close()
    },
  }

  /** Then another one's commit moves it into the database, which waits for the disk. */
  function isLogLong(look: Sqlite.Statement<[], { log: number }>): boolean {
    if (commits < commitsPerLook) return false
    commits = 0
    return (look.get()?.log ?? 0) >= longLog
  }

  function openConnection() {
    connection ??= openForWriting(path, 0)
    connection.pragma('synchronous = NORMAL')
    connection.pragma('wal_autocheckpoint = 0')
    const begin = connection.prepare('BEGIN IMMEDIATE')
    return {
      transaction: createTransaction(connection, () => void begin.run()),
      look: connection.prepare<[], { log: number }>('PRAGMA wal_checkpoint(NOOP)'),
    }
  }
}

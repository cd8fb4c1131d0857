import type Sqlite from 'better-sqlite3'
import type { Group, StatementResult } from './statement.ts'
import { createTransaction, openForWriting, type Transaction } from './transaction.ts'

/** So many groups in a row; the commits of others move the log of the database into it, which waits for the disk. */
const mostInARow = 4_000

export interface QuickWriter {
  /** One commit, which waits neither for a lock nor for the disk. Undefined, with nothing written, when it cannot be done so. */
  tryWrite(groups: readonly Group[]): StatementResult[][] | undefined
  close(): void
}

/** Writes on the thread that asks: what is small and written all the time costs less here than the way to another thread. */
export function createQuickWriter(path: string): QuickWriter {
  let connection: Sqlite.Database | undefined
  let transaction: Transaction | undefined
  let inARow = 0

  return {
    tryWrite(groups) {
      if (inARow >= mostInARow) {
        inARow = 0
        return undefined
      }
      try {
        transaction ??= open()
        const results = transaction(groups)
        inARow += groups.length
        return results
      } catch {
        // Whoever writes it instead meets the same fault, if it is one, and tells it.
        return undefined
      }
    },
    close() {
      connection?.close()
    },
  }

  function open(): Transaction {
    connection ??= openForWriting(path, 0)
    connection.pragma('synchronous = NORMAL')
    connection.pragma('wal_autocheckpoint = 0')
    const begin = connection.prepare('BEGIN IMMEDIATE')
    return createTransaction(connection, () => void begin.run())
  }
}

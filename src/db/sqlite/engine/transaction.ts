import Sqlite from 'better-sqlite3'
import type { Group, Statement, StatementResult } from './statement.ts'

/** Executes all groups in one commit and returns their results; when it throws nothing of them was written. */
export type Transaction = (groups: readonly Group[]) => StatementResult[][]

/** Pages of the log, 4 KiB each, from which on a commit that may wait for the disk moves them into the database. */
export const longLog = 16_000

/** A connection to a database that exists; `timeout` is how long it waits for a lock, in milliseconds. */
export function openForWriting(path: string, timeout: number): Sqlite.Database {
  const connection = new Sqlite(path, { fileMustExist: true, timeout })
  connection.pragma('foreign_keys = ON')
  connection.pragma('cache_size = -16384')
  return connection
}

/** `begin` takes the write lock, or throws. Statements are compiled once per text. */
export function createTransaction(connection: Sqlite.Database, begin: () => void): Transaction {
  const commit = connection.prepare('COMMIT')
  const rollback = connection.prepare('ROLLBACK')
  const prepared = new Map<string, Sqlite.Statement>()

  return (groups) => {
    begin()
    try {
      const results = groups.map((group) => group.map(execute))
      commit.run()
      return results
    } finally {
      if (connection.inTransaction) rollback.run()
    }
  }

  function execute(statement: Statement): StatementResult {
    const { sql } = statement
    const query = prepared.get(sql) ?? connection.prepare(sql)
    prepared.set(sql, query)
    const executions = 'rows' in statement ? statement.rows : [statement.params]
    if (query.reader) {
      const rows = executions.flatMap((values) => query.all(values))
      return { changes: rows.length, rows }
    }
    let changes = 0
    for (const values of executions) changes += query.run(values).changes
    return { changes }
  }
}

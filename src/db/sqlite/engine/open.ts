import { closeSync, existsSync, openSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import type { Log } from '../../../base/log.ts'
import { makeDirectory } from '../../../base/makeDirectory.ts'
import { say } from '../../../base/sentences/sentence.ts'
import type { Database } from '../../database.ts'
import { DatabaseError, toDatabaseError } from '../../databaseError.ts'
import { tables } from '../tables.ts'
import { watchFile } from './fileWatch.ts'
import { migrate } from './migrate.ts'
import { flatten, type Group, type StatementResult } from './statement.ts'
import { createWriter } from './writer.ts'

export interface SqliteDatabase extends Database {
  /** Read-only and on this thread: in WAL mode a read waits for no writer. What fails throws a DatabaseError. */
  read: BetterSQLite3Database<typeof tables> & { $client: Sqlite.Database }
  /**
   * The rows of a query as arrays, for what is asked at every push: a connection forgets the pages it has read when another
   * one commits, so this asks the one that commits (bench: send.instant).
   */
  prepareWarm<Row>(sql: string): (...params: string[]) => Row[]
  write(group: Group): Promise<StatementResult[]>
  writeSoon(group: Group): Promise<StatementResult[]>
}

export interface SqliteOptions {
  path: string
  log: Log
}

/**
 * Opens the SQLite file, creating it (0600, its directory 0700) and bringing it to the current schema as needed; several processes may do so at once.
 * Rejects with a DatabaseError, the file untouched, when it cannot be used.
 */
export async function openSqliteDatabase({ path, log }: SqliteOptions): Promise<SqliteDatabase> {
  try {
    createFile(path)
    await access(dirname(path), constants.W_OK | constants.X_OK)
    await access(path, constants.R_OK | constants.W_OK)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new DatabaseError('not_writable', say('db.notWritable', { address: path, message }), { cause })
  }
  await migrate(path)
  const connection = openForReading(path)
  const writer = createWriter({ path, log })
  const watch = watchFile(path, log)
  const whileInPlace = (write: SqliteDatabase['write']) => (group: Group) => {
    const fault = watch.fault()
    return fault ? Promise.reject(fault) : write(group)
  }
  return {
    engine: 'sqlite',
    address: path,
    read: drizzle(connection, { schema: tables }),
    prepareWarm<Row>(sql: string) {
      const cold = connection.prepare<string[], Row>(sql).raw()
      let warm: typeof cold | undefined
      return (...params: string[]) => {
        try {
          warm ??= writer.connection()?.prepare<string[], Row>(sql).raw()
          if (warm) return warm.all(...params)
        } catch {
          // It waits for no lock; the other one does, and tells what it meets.
        }
        return cold.all(...params)
      }
    },
    write: whileInPlace(writer.write),
    writeSoon: whileInPlace(writer.writeSoon),
    async close() {
      watch.stop()
      connection.close()
      await writer.close()
      removeLog(path)
    },
  }
}

/** The last connection to close removes the -wal and -shm files, unless it is read-only; another user could not open them. */
function removeLog(path: string): void {
  try {
    const connection = new Sqlite(path, { fileMustExist: true, timeout: 0 })
    // Only a connection that has read something belongs to the log.
    connection.pragma('user_version')
    connection.close()
  } catch {
    // The file was moved, or is locked by somebody who removes them later.
  }
}

/** What fails in SQLite rejects with a DatabaseError here too, so that who reads can wait as who writes does. */
function openForReading(path: string): Sqlite.Database {
  const connection = new Sqlite(path, { readonly: true, fileMustExist: true })
  const prepare = translate(connection.prepare.bind(connection))
  Object.defineProperty(connection, 'prepare', {
    value(sql: string) {
      flatten(sql)
      const statement = prepare(sql)
      for (const name of ['get', 'all'] as const) {
        Object.defineProperty(statement, name, { value: translate(statement[name].bind(statement)) })
      }
      return statement
    },
  })
  return connection

  function translate<Values extends unknown[], T>(call: (...values: Values) => T): (...values: Values) => T {
    return (...values) => {
      try {
        return call(...values)
      } catch (error) {
        throw toDatabaseError(error, path)
      }
    }
  }
}

/** SQLite gives its -wal and -shm files the mode of the database. */
function createFile(path: string): void {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  closeSync(openSync(path, 'a', 0o600))
}

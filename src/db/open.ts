import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import type { Log } from '../log.ts'
import { DatabaseError } from './databaseError.ts'
import { migrate } from './migrate.ts'
import * as schema from './schema.ts'
import type { Group, StatementResult } from './statement.ts'
import { createWriter } from './writer.ts'

export interface Database {
  /** Read-only and on this thread: in WAL mode a read waits for no writer. */
  read: BetterSQLite3Database<typeof schema> & { $client: Sqlite.Database }
  /**
   * One atomic transaction, durable when the promise resolves; calls that wait at the same time share a commit.
   * A lock held by another process delays it. Rejects with a DatabaseError; then nothing of it was written.
   */
  write(group: Group): Promise<StatementResult[]>
  /**
   * The same for what is small and written all the time: on disk within a second. Should this process die, nothing is
   * lost; should the machine lose power, that second is, as with a Redis that syncs its log every second.
   */
  writeSoon(group: Group): Promise<StatementResult[]>
  /** Resolves when all writes asked for are done and the file is closed. */
  close(): Promise<void>
}

interface DatabaseOptions {
  path: string
  log: Log
}

/**
 * Opens the SQLite file, creating it (0600, its directory 0700) and bringing it to the current schema as needed; several processes may do so at once.
 * Rejects with a DatabaseError, the file untouched, when it cannot be used.
 */
export async function openDatabase({ path, log }: DatabaseOptions): Promise<Database> {
  try {
    createFile(path)
    await access(dirname(path), constants.W_OK | constants.X_OK)
    await access(path, constants.R_OK | constants.W_OK)
  } catch (cause) {
    throw new DatabaseError(
      'not_writable',
      `Database ${path} cannot be written (${cause instanceof Error ? cause.message : cause}): make the file and its directory writable for this user, or point DATABASE_URL elsewhere`,
      { cause },
    )
  }
  await migrate(path)
  const connection = new Sqlite(path, { readonly: true, fileMustExist: true })
  const writer = createWriter({ path, log })
  return {
    read: drizzle(connection, { schema }),
    write: writer.write,
    writeSoon: writer.writeSoon,
    async close() {
      connection.close()
      await writer.close()
    },
  }
}

/** SQLite gives its -wal and -shm files the mode of the database. */
function createFile(path: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

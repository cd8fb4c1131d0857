import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'
import { second } from '../../../base/duration.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { DatabaseError, toDatabaseError } from '../../databaseError.ts'
import { toPackageFile } from '../../packageFile.ts'

/** How long another process may hold the lock while this one starts. */
const patience = 5 * second

/**
 * Brings the file to the current schema and to WAL mode; writes nothing when it is there already.
 * Rejects with a DatabaseError, the file untouched, when it is not ours to change.
 */
export async function migrate(path: string): Promise<void> {
  const migrationsFolder = fileURLToPath(toPackageFile('../../drizzle/migrations'))
  const known = readMigrationFiles({ migrationsFolder })
  for (const start = Date.now(); ; await sleep(50)) {
    try {
      return migrateOnce(path, known)
    } catch (thrown) {
      const error = toDatabaseError(thrown, path)
      if (error.code !== 'locked' || Date.now() - start > patience) throw error
    }
  }
}

/** drizzle's own migrator looks before it locks: of two processes that start at once both would apply the same migration. */
function migrateOnce(path: string, known: MigrationMeta[]): void {
  const connection = new Sqlite(path, { fileMustExist: true, timeout: 100 })
  try {
    const isCurrent = findPending(connection, known).length === 0
    if (isCurrent && connection.pragma('journal_mode', { simple: true }) === 'wal') return
    connection.pragma('journal_mode = WAL')
    connection.transaction(() => apply(connection, findPending(connection, known))).immediate()
  } finally {
    connection.close()
  }
}

function findPending(connection: Sqlite.Database, known: MigrationMeta[]): MigrationMeta[] {
  const tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all()
  if (tables.length === 0) return known
  if (!tables.includes('__drizzle_migrations')) {
    throw new DatabaseError('foreign_database', say('db.foreignFile', { address: connection.name }))
  }
  const applied = Number(connection.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get())
  if (applied > (known.at(-1)?.folderMillis ?? 0)) {
    throw new DatabaseError('newer_schema', say('db.newer', { address: connection.name }))
  }
  return known.filter((migration) => migration.folderMillis > applied)
}

function apply(connection: Sqlite.Database, migrations: MigrationMeta[]): void {
  connection.exec(
    'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id INTEGER PRIMARY KEY, hash TEXT NOT NULL, created_at INTEGER)',
  )
  const record = connection.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)')
  for (const migration of migrations) {
    for (const statement of migration.sql) connection.exec(statement)
    record.run(migration.hash, migration.folderMillis)
  }
}

import type { SqliteDatabase } from '../engine/open.ts'
import { databaseIdentity } from './tables.ts'

/** Tells a database, its backups and copies included, from all others. */
export function readDatabaseId({ read }: Pick<SqliteDatabase, 'read'>): string {
  const row = read.select().from(databaseIdentity).get()
  if (!row) throw new Error('the database has no identity: its migrations did not run to the end')
  return row.id
}

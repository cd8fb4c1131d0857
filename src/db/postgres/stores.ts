import type { Stores } from '../stores.ts'
import { openPostgresDatabase, type PostgresDatabase, type PostgresOptions } from './engine/open.ts'

/** Rejects with a DatabaseError. */
export async function openPostgres(options: PostgresOptions): Promise<PostgresDatabase & Partial<Stores>> {
  const { database, id } = await openPostgresDatabase(options)
  return { ...database, id }
}

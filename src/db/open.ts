import type { Log } from '../base/log.ts'
import { openSqlite } from './sqlite/stores.ts'
import type { Stores } from './stores.ts'

interface DatabaseOptions {
  path: string
  log: Log
}

/** The one place that chooses the engine. Rejects with a DatabaseError. */
export function openDatabase(options: DatabaseOptions): Promise<Stores> {
  return openSqlite(options)
}

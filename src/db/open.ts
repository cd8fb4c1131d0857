import type { DatabaseConfig } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { Stores } from './stores.ts'

/** The one place that chooses the engine, and the only one of which the other is not loaded. Rejects with a DatabaseError. */
export async function openDatabase(config: DatabaseConfig, log: Log): Promise<Stores> {
  if (config.engine === 'sqlite') {
    const { openSqlite } = await import('./sqlite/stores.ts')
    return openSqlite({ path: config.path, log })
  }
  const { openPostgres } = await import('./postgres/stores.ts')
  return openPostgres({ ...config, log })
}

import type { DatabaseConfig } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { type PostgresAddress, toPostgresPlace } from '../base/urls/postgresUrl.ts'
import type { Stores } from './stores.ts'

/** The one place that chooses the engine, and the only one of which the other is not loaded. Rejects with a DatabaseError. */
export async function openDatabase(config: DatabaseConfig, log: Log): Promise<Stores> {
  const database = await openEngine(config, log)
  try {
    // An older version, whose processes may still run, had other triggers, which whoever opens it first has just removed.
    const webhooks = database.webhooks()
    if (await webhooks.findEndpoint()) await webhooks.turnOn()
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

async function openEngine(config: DatabaseConfig, log: Log): Promise<Stores> {
  if (config.engine === 'sqlite') {
    const { openSqlite } = await import('./sqlite/stores.ts')
    return openSqlite({ path: config.path, log })
  }
  const { openPostgres } = await import('./postgres/stores.ts')
  return openPostgres({ ...config, log })
}

interface CopyOptions {
  path: string
  to: PostgresAddress
  log: Log
}

/** Both ends of a copy from a SQLite file to a PostgreSQL server. Rejects with a DatabaseError. */
export async function openCopy({ path, to, log }: CopyOptions) {
  const { openCopySource } = await import('./sqlite/copySource.ts')
  const { openCopyTarget } = await import('./postgres/copyTarget.ts')
  const source = await openCopySource({ path, to: toPostgresPlace(to), log })
  try {
    const target = await openCopyTarget(to)
    return {
      source,
      target,
      async close() {
        await target.close()
        await source.close()
      },
    }
  } catch (error) {
    await source.close()
    throw error
  }
}

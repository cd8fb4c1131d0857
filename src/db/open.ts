import type { DatabaseConfig } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { type PostgresAddress, toPostgresPlace } from '../base/urls/postgresUrl.ts'
import type { Stores } from './stores.ts'
import type { TemplateRow } from './templates.ts'

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

/**
 * Templates as they were last listed, for a program that has no other use for the tables: they are neither made nor brought
 * up to date. Rejects with whatever keeps them from being read.
 */
export async function listKnownTemplates(config: DatabaseConfig, appid: string): Promise<TemplateRow[]> {
  if (config.engine === 'sqlite') {
    const { listTemplatesOfFile } = await import('./sqlite/account/knownTemplates.ts')
    return listTemplatesOfFile(config.path, appid)
  }
  const { listTemplatesOfSchema } = await import('./postgres/account/knownTemplates.ts')
  return listTemplatesOfSchema(config, appid)
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

import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { onTestFinished } from 'vitest'
import type { DatabaseConfig } from '../../src/base/config.ts'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'
import type { Database } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open.ts'
import type { Stores } from '../../src/db/stores.ts'
import { createTestSchema, hasPostgres } from '../helpers/postgres.ts'
import { createTestLog, makeDir } from '../helpers/pushing.ts'

/** A database of one test. */
export interface TestDatabase {
  database: Stores
  /** The same database as another process has it. */
  openAgain(): Promise<Stores>
  /**
   * SQL for what no store writes or tells, in words that every engine has: names as in the tables, values as literals.
   * Gives the rows of a query; numbers and booleans as the engine's driver has them.
   */
  query(sql: string): Promise<Record<string, unknown>[]>
}

interface Engine {
  name: Database['engine']
  /** A new, empty database; whatever is opened is closed, and the database gone, when the test is finished. */
  create(): Promise<TestDatabase>
}

/**
 * Every test of a store beside this file runs on each of these: `describe.each(engines)('$name', ({ create }) => ...)`.
 * They know the interfaces of `src/db/*.ts` and nothing of what is below; what one engine alone has is tested in a folder
 * of its name.
 *
 * To add an engine: one more entry. Where its server is not there, leave the entry out and say so by name on stderr, but
 * never in CI. If a test then turns out to ask for something that only SQLite promises, move it to `sqlite/`.
 */
export const engines: readonly Engine[] = [
  { name: 'sqlite', create: createSqlite },
  ...((await hasServer()) ? [{ name: 'postgres' as const, create: createPostgres }] : []),
]

async function hasServer(): Promise<boolean> {
  if (await hasPostgres()) return true
  if (process.env.CI) throw new Error('store tests need a PostgreSQL server in CI: TEST_POSTGRES_URL')
  process.stderr.write('skipped: store tests on PostgreSQL, no server at 127.0.0.1:5432\n')
  return false
}

async function createPostgres(): Promise<TestDatabase> {
  const { url, query } = await createTestSchema()
  const openAgain = () => open({ engine: 'postgres', ...toPostgresAddress(url) })
  return { database: await openAgain(), openAgain, query }
}

async function createSqlite(): Promise<TestDatabase> {
  const path = join(await makeDir(), 'test.db')
  return {
    database: await open({ engine: 'sqlite', path }),
    openAgain: () => open({ engine: 'sqlite', path }),
    async query(sql) {
      const connection = new Sqlite(path)
      try {
        const statement = connection.prepare<[], Record<string, unknown>>(sql)
        if (statement.reader) return statement.all()
        statement.run()
        return []
      } finally {
        connection.close()
      }
    },
  }
}

async function open(config: DatabaseConfig): Promise<Stores> {
  const database = await openDatabase(config, createTestLog().log)
  onTestFinished(() => database.close())
  return database
}

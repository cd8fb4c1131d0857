import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'

/** The server on this machine that tests may use, unless another one is named. */
const server = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres:root@127.0.0.1:5432/postgres'

/** A schema of a PostgreSQL server that is gone when the test is finished. */
export interface TestSchema {
  /** As DATABASE_URL takes it. */
  url: string
  query(sql: string): Promise<Record<string, unknown>[]>
  /** Leaves a transaction open with what the statement locks; resolves with what ends it. */
  hold(sql: string): Promise<() => Promise<void>>
}

/** Whether a server runs here. */
export async function hasPostgres(): Promise<boolean> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 2_000 })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end()
  }
}

/** The tables are made by whoever opens it first. */
export async function createTestSchema(): Promise<TestSchema> {
  const schema = `test_${randomBytes(6).toString('hex')}`
  const run = (sql: string) => runAlone(schema, sql)
  onTestFinished(async () => void (await run(`drop schema if exists ${schema} cascade`)))
  const separator = server.includes('?') ? '&' : '?'
  return { url: `${server}${separator}schema=${schema}`, query: run, hold: (sql) => holdLock(schema, sql) }
}

async function holdLock(schema: string, sql: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: toPostgresAddress(server).url })
  await client.connect()
  await client.query(`set search_path to ${schema}; begin; ${sql}`)
  let ended: Promise<void> | undefined
  const end = () => {
    ended ??= client.end()
    return ended
  }
  onTestFinished(end)
  return end
}

async function runAlone(schema: string, sql: string): Promise<Record<string, unknown>[]> {
  const types = { getTypeParser: (oid: number) => (oid === 20 ? Number : pg.types.getTypeParser(oid)) }
  const client = new pg.Client({ connectionString: toPostgresAddress(server).url, types })
  await client.connect()
  try {
    await client.query(`set search_path to ${schema}`)
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { toPostgresAddress } from '../../src/base/postgresUrl.ts'
import { shareSession } from '../../src/queue/embedded/sharedSession.ts'

/** The server on this machine that tests may use, unless another one is named. */
const server = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres:root@127.0.0.1:5432/postgres'

/** A schema of a PostgreSQL server that is gone when the test is finished. */
export interface TestSchema {
  /** As DATABASE_URL takes it. */
  url: string
  query(sql: string): Promise<Record<string, unknown>[]>
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
export async function createTestSchema(base = server): Promise<TestSchema> {
  const schema = `test_${randomBytes(6).toString('hex')}`
  const run = (sql: string) => runAlone(base, schema, sql)
  onTestFinished(async () => void (await run(`drop schema if exists ${schema} cascade`)))
  const separator = base.includes('?') ? '&' : '?'
  return { url: `${base}${separator}schema=${schema}`, query: run }
}

async function runAlone(base: string, schema: string, sql: string): Promise<Record<string, unknown>[]> {
  const types = { getTypeParser: (oid: number) => (oid === 20 ? Number : pg.types.getTypeParser(oid)) }
  const client = new pg.Client({ connectionString: toPostgresAddress(base).url, types })
  await client.connect()
  try {
    await client.query(`set search_path to ${schema}`)
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

let hosted: Promise<string> | undefined

/** PostgreSQL in this process, for where no server runs; resolves with its URL. It ends with the process. */
export function hostPglite(): Promise<string> {
  hosted ??= startPglite()
  return hosted
}

async function startPglite(): Promise<string> {
  const { PGlite } = await import('@electric-sql/pglite')
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-pglite-'))
  process.on('exit', () => void rm(dir, { recursive: true, force: true }))
  const database = await PGlite.create()
  const path = join(dir, '.s.PGSQL.5432')
  const host = new PGLiteSocketServer({ db: shareSession(database), path, maxConnections: 50 })
  await host.start()
  return `postgres://postgres@localhost/postgres?host=${encodeURIComponent(dir)}&sslmode=disable`
}

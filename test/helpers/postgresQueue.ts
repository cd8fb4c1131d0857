import { randomBytes } from 'node:crypto'
import { PostgresConnection } from 'bullmq'
import { onTestFinished, TestRunner } from 'vitest'

const { TEST_POSTGRES_PORT: port = '5432' } = process.env
const server = { host: '127.0.0.1', port: Number(port), user: 'postgres', password: '', ssl: false }

type Pool = PostgresConnection['pool']

/** A database of the test's own on the PostgreSQL of this machine; without one the test is skipped, but never in CI. */
export async function createPostgresQueue() {
  const admin = openPool('postgres')
  const isThere = await admin.query('SELECT').then(
    () => true,
    () => false,
  )
  if (!isThere && !process.env.CI) skip(`no PostgreSQL answers at 127.0.0.1:${port}`)
  const database = `unionpush_test_${randomBytes(6).toString('hex')}`
  await admin.query(`CREATE DATABASE ${database}`)
  onTestFinished(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  })
  const pool = openPool(database)
  return {
    admin,
    /** Of the database, with the tables of the queue at hand. */
    query: (sql: string, values?: unknown[]) => pool.query(sql, values),
    toConfig: (url = `postgres://postgres@127.0.0.1:${port}/${database}`) => ({
      kind: 'postgres' as const,
      url,
      schema: 'unionpush',
      sslmode: 'disable' as const,
    }),
    database,
    port: Number(port),
    /** As an administrator ends all connections, or as a server that is stopped and started. */
    async terminate() {
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'unionpush'`,
      )
    },
  }
}

function openPool(database: string): Pool {
  const connection = new PostgresConnection({ ...server, database, schema: 'unionpush_queue', max: 1 })
  onTestFinished(() => connection.close().catch(() => {}))
  return connection.pool
}

function skip(why: string): void {
  TestRunner.getCurrentTest()?.context.skip(why)
}

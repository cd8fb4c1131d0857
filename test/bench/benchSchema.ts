import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'

const server = process.env.BENCH_POSTGRES_URL ?? 'postgres://postgres:root@127.0.0.1:5432/postgres'

/** Runs `use` with a DATABASE_URL whose tables are nobody else's, and drops them again. */
export async function withBenchSchema<T>(use: (databaseUrl: string) => Promise<T>): Promise<T> {
  const schema = `bench_${randomBytes(6).toString('hex')}`
  try {
    return await use(`${server}${server.includes('?') ? '&' : '?'}schema=${schema}`)
  } finally {
    const client = new pg.Client({ connectionString: toPostgresAddress(server).url })
    await client.connect()
    await client.query(`drop schema if exists ${schema}, ${schema}_queue cascade`)
    await client.end()
  }
}

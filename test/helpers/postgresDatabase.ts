import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'

const server = process.env.TEST_POSTGRES_URL ?? 'postgres://postgres:root@127.0.0.1:5432/postgres'

/** A database of its own on the server of this machine, which the program makes its schemas in. */
export async function createPostgresDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `unionpush_test_${randomBytes(6).toString('hex')}`
  await run(`create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => run(`drop database if exists ${name} with (force)`) }
}

async function run(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: toPostgresAddress(server).url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

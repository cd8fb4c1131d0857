import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { toQueueName } from '../../src/queue/names.ts'
import { createPostgresServer, type PostgresServer } from '../helpers/postgresServer.ts'
import { until } from '../helpers/until.ts'
import { type Row, type RunDatabase, type RunQueue, rowsQuery } from './database.ts'
import { createWire, type Wire } from './wire.ts'

/** A PostgreSQL with the tables of the run, and with its queue where there is no Redis. */
export interface RunPostgres {
  readonly server: PostgresServer
  /** What everybody but the harness goes through. */
  readonly wire: Wire
  readonly database: RunDatabase
  readonly queue: RunQueue
  /** In a connection of its own, and again while the server is away. */
  query(sql: string): Promise<Record<string, unknown>[]>
}

/** How long what the harness asks waits for a server that is away; milliseconds. */
const patience = 20_000
/** Connections of the program. */
export const ours = "application_name = 'unionpush'"

export async function startPostgres(dir: string): Promise<RunPostgres> {
  const server = await createPostgresServer()
  await server.start()
  const wire = await createWire(server.port)

  async function query<T extends object>(sql: string): Promise<T[]> {
    for (const deadline = performance.now() + patience; ; await sleep(50)) {
      try {
        return await queryOnce<T>(server, sql)
      } catch (error) {
        if (isOfStatement(error) || performance.now() > deadline) throw error
      }
    }
  }

  const database = createDatabase(server, { url: toUrl(wire), dir, query })
  return {
    server,
    wire,
    query,
    database: {
      ...database,
      async close() {
        await wire.close()
        await server.close()
      },
    },
    queue: createQueue(server, query),
  }
}

function toUrl({ port }: Wire): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`
}

async function queryOnce<T extends object>(server: PostgresServer, sql: string): Promise<T[]> {
  const client = await server.connect()
  try {
    const result = await client.query<T>(sql)
    return result.rows
  } finally {
    await client.end()
  }
}

/** The statement itself is wrong; whatever else fails is the server, which comes back. */
function isOfStatement(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(22|23|42|3F)/.test(String(error.code))
}

type Query = <T extends object>(sql: string) => Promise<T[]>

interface DatabaseOptions {
  url: string
  dir: string
  query: Query
}

function createDatabase(server: PostgresServer, { url, dir, query }: DatabaseOptions) {
  const yesterday = join(dir, 'yesterday.sql')
  async function tables(): Promise<string[]> {
    const found = await query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'unionpush'",
    )
    return found.map(({ name }) => name)
  }

  return {
    url,
    isOwn: server.disk.isOwn,
    fill: server.disk.fill,
    async free() {
      server.disk.free()
      await server.start()
    },
    async lock() {
      const names = await tables()
      return lock(server, `lock table ${names.join(', ')} in exclusive mode`)
    },
    rows: () => query<Row>(rowsQuery),
    select: (sql: string) => query<Record<string, unknown>>(sql),
    run: async (sql: string) => void (await query(sql)),
    tables,
    async check() {
      const options = ['--install-missing', '--heapallindexed', '--schema=unionpush*', '--no-strict-names']
      const found = await server.tool('pg_amcheck', ...options).catch(toWords)
      return found.trim() || 'ok'
    },
    async copy() {
      await writeFile(yesterday, await server.tool('pg_dump', '--schema=unionpush'))
    },
    async restore() {
      await endConnections(query)
      await query('drop schema unionpush cascade')
      await server.tool('psql', '--quiet', '--set=ON_ERROR_STOP=1', '--file', yesterday)
    },
    openDoors: () => [],
  }
}

function toWords(error: unknown): string {
  const { stdout, stderr } = Object(error)
  return [stdout, stderr].filter(Boolean).join('\n') || String(error)
}

/** What processes that were killed had asked for may still be under way. */
async function endConnections(query: Query): Promise<void> {
  const isGone = async () => {
    const left = await query(`select pg_terminate_backend(pid) from pg_stat_activity where ${ours}`)
    return left.length === 0
  }
  await until(isGone, patience)
}

/** Resolves with what gives it back. */
async function lock(server: PostgresServer, sql: string): Promise<() => Promise<void>> {
  for (;;) {
    const client = await server.connect()
    try {
      await client.query('begin')
      await client.query(sql)
      return () => client.end()
    } catch (error) {
      await client.end()
      // A deadlock; the other one may have been the victim as well.
      if (isOfStatement(error)) throw error
      await sleep(10)
    }
  }
}

/** In the schema beside the tables, which BullMQ keeps. */
const schema = 'unionpush_queue'

const watchStalls = `
  create schema if not exists chaos;
  create table if not exists chaos.stalls (id text not null);
  create or replace function chaos.note() returns trigger language plpgsql as
    $$ begin insert into chaos.stalls values (new.id); return null; end $$;
  create or replace trigger note_stall after update of stalled_count on ${schema}.job for each row
    when (new.stalled_count > old.stalled_count) execute function chaos.note();`

function createQueue(server: PostgresServer, query: Query): RunQueue {
  return {
    async countJobs(appid) {
      const name = toQueueName(appid)
      const rows = await query<{ n: number }>(
        `select count(*) as n from ${schema}.job where queue = '${name}'`,
      )
      return Number(rows[0]?.n)
    },
    async written() {
      return `${await server.tool('pg_dump', '--data-only', `--schema=${schema}`)}${server.logs()}`
    },
    watch: async () => void (await query(watchStalls)),
    async countMostStalls() {
      const rows = await query<{ n: number }>(
        'select count(*) as n from chaos.stalls group by id order by n desc limit 1',
      )
      return Number(rows[0]?.n ?? 0)
    },
    async hold() {
      const unlock = await lock(server, `lock table ${schema}.job in access exclusive mode`)
      return async () => {
        // Who waited is dead, and what he asked for is lost with him.
        await query(
          `select pg_terminate_backend(pid) from pg_stat_activity where ${ours} and wait_event_type = 'Lock'`,
        )
        await unlock()
      }
    },
  }
}

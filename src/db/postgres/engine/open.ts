import type { QueryResultRow } from 'pg'
import type { Log } from '../../../base/log.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { type PostgresAddress, toPostgresPlace } from '../../../base/urls/postgresUrl.ts'
import type { Database } from '../../database.ts'
import { DatabaseError } from '../../databaseError.ts'
import { batchCalls } from './batchCalls.ts'
import { type ClockOffset, createClockOffset } from './clockOffset.ts'
import { negotiate } from './connect.ts'
import { type Connections, createConnections } from './connections.ts'
import { isOwnFault, toPostgresError } from './errors.ts'
import { migratePostgres, quote } from './migrate.ts'
import type { Statement, StatementResult } from './statement.ts'
import { writeGroups } from './transaction.ts'

export interface PostgresDatabase extends Database {
  readonly clock: Pick<ClockOffset, 'toServer' | 'fromServer'>
  /** One round trip. Rejects with a DatabaseError. */
  query<Row extends QueryResultRow>(sql: string, params?: readonly unknown[]): Promise<Row[]>
  write(group: Statement[]): Promise<StatementResult[]>
  writeSoon(group: Statement[]): Promise<StatementResult[]>
  /** For what waits for a lock, which must not be in one commit with those who have it. */
  writeApart(group: Statement[]): Promise<StatementResult[]>
}

export interface PostgresDatabaseOptions extends PostgresAddress {
  log: Log
  /** Our clock, which may be wrong. */
  now?: () => number
}

/** Connections of one process: to read, to write, and to write what is small and must not wait for the others. */
const readers = 5
const writers = 2
const quickWriters = 1
/**
 * What is committed is on disk, and on the standby of a server that has one, as it is set to be; but for a server that is
 * set to answer before. The queue forgets a job when its push has come to an end, and a server that crashes must not
 * forget that end (bench: send.postgres, where it makes no difference).
 */
const durable = `select set_config('synchronous_commit', 'on', false)
where current_setting('synchronous_commit') = 'off'`
/** Calls that share one commit. */
const groupSize = 500

/**
 * Connects to the server and brings its schema to the current version. Rejects with a DatabaseError, and then nothing
 * was changed.
 */
export async function openPostgresDatabase(
  options: PostgresDatabaseOptions,
): Promise<{ database: PostgresDatabase; id: string }> {
  const { schema, log, now = Date.now } = options
  const address = toPostgresPlace(options)
  const explained = <T>(call: Promise<T>): Promise<T> =>
    call.catch((error) => {
      throw toPostgresError(error, address)
    })
  const config = await explained(negotiate(options))
  const id = await explained(migratePostgres(config, { schema, address }))
  if (id === undefined) {
    throw new DatabaseError('incomplete', say('copy.incomplete', { address }))
  }

  // The next call makes another one, and tells what it meets.
  const onEnd = (error: Error) => log.debug({ err: error, address }, 'a connection to the database ended')
  const settings = `set search_path to ${quote(schema)}; ${durable}`
  const connections = createConnections(config, { max: readers + writers, settings, onEnd })
  const quick = createConnections(config, { max: quickWriters, settings, onEnd })
  const writer = createWriter(connections, writers)
  const writerApart = createWriter(connections, 1)
  const quickWriter = createWriter(quick, quickWriters)
  const clock = createClockOffset(now)
  let closed: Promise<void> | undefined

  const database: PostgresDatabase = {
    engine: 'postgres',
    address,
    clock,
    query: (sql, params = []) => whileOpen(() => read(sql, params)),
    write: (group) => whileOpen(() => writer.call(group)),
    writeSoon: (group) => whileOpen(() => quickWriter.call(group)),
    writeApart: (group) => whileOpen(() => writerApart.call(group)),
    close() {
      closed ??= end()
      return closed
    },
  }
  await explained(lookAtClock())
  return { database, id }

  function whileOpen<T>(call: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new DatabaseError('closed', say('db.closed', { address })))
    if (clock.isStale()) lookAtClock().catch(() => {})
    return explained(call())
  }

  function read<Row extends QueryResultRow>(sql: string, params: readonly unknown[]): Promise<Row[]> {
    return connections.use(async (session) => (await session.query<Row>({ sql, params })).rows)
  }

  async function lookAtClock(): Promise<void> {
    await connections.use(async (session) => {
      const asked = performance.now()
      const sql = 'select extract(epoch from clock_timestamp()) * 1000 as time'
      const { rows } = await session.query<{ time: number }>({ sql, params: [] })
      clock.observe(Number(rows[0]?.time), asked, performance.now())
    })
  }

  async function end(): Promise<void> {
    await Promise.all([writer.idle(), quickWriter.idle(), writerApart.idle()])
    await Promise.all([connections.close(), quick.close()])
  }
}

function createWriter(connections: Connections, concurrency: number) {
  return batchCalls((groups: Statement[][]) => writeGroups(connections, groups), {
    size: groupSize,
    concurrency,
    isOwnFault,
  })
}

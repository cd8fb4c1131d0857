import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import { Client } from 'pg'
import { second } from '../../base/duration.ts'
import { say } from '../../base/sentences/sentence.ts'
import { type PostgresAddress, toPostgresPlace } from '../../base/urls/postgresUrl.ts'
import { type CopiedTable, type Row, toCopiedTables, toPageSql, toRow } from '../copy/copiedTables.ts'
import type { CopyTarget, Position } from '../copy/copyDatabase.ts'
import { DatabaseError } from '../databaseError.ts'
import { negotiate } from './engine/connect.ts'
import { toPostgresError } from './engine/errors.ts'
import { migratePostgres, quote } from './engine/migrate.ts'
import { columnNames, recordset, toRows } from './engine/statement.ts'
import { tables } from './tables.ts'

/** The server finds out at the end of a statement that who asked for it is gone. */
const lockTimeout = 10 * second

type Query = <T extends object>(sql: string, params?: unknown[]) => Promise<T[]>

interface Progress {
  source_id: string
  positions: Record<string, Position>
  is_complete: boolean
}

/** Connects to a schema that a database is to be copied into, and makes its tables as needed. Rejects with a DatabaseError. */
export async function openCopyTarget(
  options: PostgresAddress,
): Promise<CopyTarget & { close(): Promise<void> }> {
  const address = toPostgresPlace(options)
  const explain = (error: unknown) => {
    throw toPostgresError(error, address)
  }
  const config = await negotiate(options).catch(explain)
  await migratePostgres(config, { schema: options.schema, address }).catch((error) => {
    if (!(error instanceof DatabaseError) || error.code !== 'foreign_database')
      throw toPostgresError(error, address)
    throw new DatabaseError('other_data', say('copy.otherTables', { address, elsewhere }))
  })
  const client = new Client(config)
  // What breaks the connection breaks the statement under way, too, which is told there.
  client.on('error', () => {})
  await client.connect().catch(explain)
  const query: Query = async (sql, params = []) => (await client.query(sql, params).catch(explain)).rows
  const transaction = async <T>(work: () => Promise<T>): Promise<T> => {
    await query('begin')
    try {
      const result = await work()
      await query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch(() => {})
      throw error
    }
  }
  try {
    await query(`set search_path to ${quote(options.schema)}`)
    await lock(client, options.schema, address).catch(explain)
  } catch (error) {
    await client.end()
    throw error
  }
  return { ...createTarget(query, transaction, address), close: () => client.end() }
}

/** For as long as the connection lives; one whose process was killed, or whose machine is gone, ends within a minute. */
async function lock(client: Client, schema: string, address: string): Promise<void> {
  await client.query(
    `set tcp_keepalives_idle to 10; set tcp_keepalives_interval to 10; set tcp_keepalives_count to 3; set lock_timeout to '${lockTimeout}ms'`,
  )
  try {
    await client.query("select pg_advisory_lock(hashtextextended('unionpush copy ' || $1, 0))", [schema])
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== '55P03') throw error
    throw new DatabaseError('in_use', say('copy.busyTarget', { address }))
  }
  await client.query('reset lock_timeout')
}

function createTarget(
  query: Query,
  transaction: <T>(work: () => Promise<T>) => Promise<T>,
  address: string,
): CopyTarget {
  const copied = toCopiedTables<PgTable>(tables, (table) => getTableConfig(table).primaryKeys)
  const inserts = new Map(copied.map((table) => [table.name, toInsertSql(table)]))
  const record = (change: string, ...params: unknown[]) => query(`update copy_progress set ${change}`, params)
  return {
    address,
    tables: copied,
    begin: (sourceId) => transaction(() => begin(query, { copied, sourceId, address })),
    append: (table, rows, position) =>
      transaction(async () => {
        await query(inserts.get(table.name) ?? '', [toRows(rows.map((row) => toInput(table, row)))])
        await record('positions = positions || jsonb_build_object($1::text, $2::jsonb)', table.name, position)
      }),
    async count({ name }) {
      const [row] = await query<{ count: number }>(`select count(*) as count from ${quote(name)}`)
      return Number(row?.count)
    },
    async read(table, after, limit) {
      const sql = toPageSql(table, (n) => `$${n}`, after === undefined)
      const rows = await query<Record<string, unknown>>(sql, [...(after ?? []), limit])
      return rows.map((row) =>
        toRow(
          table,
          table.columns.map(([, column]) => row[column.name]),
        ),
      )
    },
    empty: () =>
      transaction(async () => {
        await query(`truncate ${copied.map(({ name }) => quote(name)).join(', ')}`)
        await record("positions = '{}'")
      }),
    complete: (lastNumbers) =>
      transaction(async () => {
        for (const { name, key } of copied) {
          const last = lastNumbers[name] ?? 0
          // Nothing where the database gives out no numbers.
          const sequence = `pg_get_serial_sequence('${quote(name)}', '${key[0]}')`
          if (last > 0) await query(`select setval(${sequence}, $1)`, [last])
        }
        await query('insert into database_identity (id) select source_id from copy_progress')
        await record('is_complete = true')
      }),
  }
}

/** Without its identity nobody can open the database: until the copy is complete no worker sends from half of it. */
async function begin(
  query: Query,
  { copied, sourceId, address }: { copied: CopiedTable[]; sourceId: string; address: string },
): ReturnType<CopyTarget['begin']> {
  await query(
    'create table if not exists copy_progress (source_id text primary key, positions jsonb not null, is_complete boolean not null)',
  )
  const [progress] = await query<Progress>('select * from copy_progress')
  if (progress !== undefined && progress.source_id !== sourceId) {
    throw new DatabaseError('other_data', say('copy.otherCopy', { address, elsewhere }))
  }
  if (progress !== undefined) {
    const { positions, is_complete } = progress
    return { state: is_complete ? 'complete' : 'unfinished', positions }
  }
  await refuseOtherData(query, [...copied.map(({ name }) => name), 'leases'], address)
  await query("insert into copy_progress values ($1, '{}', false)", [sourceId])
  await query('delete from database_identity')
  return { state: 'new', positions: {} }
}

const elsewhere = say('copy.elsewhere')

async function refuseOtherData(query: Query, names: string[], address: string): Promise<void> {
  for (const name of names) {
    const [row] = await query<{ found: boolean }>(`select exists(select from ${quote(name)}) as found`)
    if (!row?.found) continue
    throw new DatabaseError('other_data', say('copy.hasData', { address, table: name, elsewhere }))
  }
}

/** Over what triggers have counted meanwhile. */
function toInsertSql({ name, table, key }: CopiedTable<PgTable>): string {
  const columns = columnNames(table)
  const changes = columns.map((column) => `${column} = excluded.${column}`).join(', ')
  return `insert into ${quote(name)} (${columns.join(', ')}) select * from ${recordset(table, '$1')}
on conflict (${key.map(quote).join(', ')}) do update set ${changes}`
}

function toInput({ columns }: CopiedTable, row: Row): object {
  return Object.fromEntries(
    columns.map(([property], n) => {
      const value = row[n]
      return [property, Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : value]
    }),
  )
}

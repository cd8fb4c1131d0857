import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  type PostgresConnection,
  runMigrations,
  SchemaMigrationRequiredError,
} from 'bullmq'

/** What jobs come and go in: cleaned by how much has gone, not by its share of what is there. */
const busyTables = ['job', 'event', 'dedup']
const autovacuum =
  'autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0'

export interface QueryResult {
  rows: Record<string, unknown>[]
  rowCount?: number | null
}

/**
 * Makes BullMQ's tables where they are missing or older than this program. Resolves with the milliseconds by which the
 * server's clock is ahead of ours.
 */
export async function prepareTables({ pool, schema }: PostgresConnection): Promise<number> {
  const version = await assertSchemaCompatibility(pool, schema).catch((error) => {
    if (error instanceof SchemaMigrationRequiredError) return 0
    throw error
  })
  if (version < LATEST_SCHEMA_VERSION) await makeTables(pool, schema)
  return readClock(pool)
}

async function makeTables(pool: PostgresConnection['pool'], schema: string): Promise<void> {
  const client = await pool.connect()
  // What ends it rejects the statement under way; the pool does not listen while it is lent.
  client.on('error', () => {})
  try {
    await runMigrations(client, schema)
    for (const table of busyTables) await client.query(`ALTER TABLE ${table} SET (${autovacuum})`)
  } finally {
    client.release(true)
  }
}

/**
 * Resolves with the milliseconds by which the server's clock is ahead of ours. The statement also finds out whether the
 * server can be written to.
 */
export async function readClock(client: { query(sql: string): Promise<QueryResult> }): Promise<number> {
  const asked = Date.now()
  const { rows } = await client.query(
    "SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now, current_setting('transaction_read_only') AS read_only",
  )
  if (rows[0]?.read_only === 'on') throw new ReadOnlyError()
  return Number(rows[0]?.now) - (asked + Date.now()) / 2
}

/** A standby, or a server somebody has put into this state. */
class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError'
  constructor() {
    super('it is read-only')
  }
}

import type { ClientConfig, PoolClient, QueryResult, QueryResultRow } from 'pg'
import { createPool } from './connect.ts'
import { type Statement, toParameter } from './statement.ts'

/** One connection, for as long as it is lent. Statements need not wait for one another: they are executed in their order. */
export interface PostgresSession {
  /** Compiled once per text and connection. */
  query<Row extends QueryResultRow>(statement: Statement): Promise<QueryResult<Row>>
}

export interface Connections {
  /** Lends a connection; one that did not answer is given up. Rejects with what `pg` throws. */
  use<T>(work: (session: PostgresSession) => Promise<T>): Promise<T>
  close(): Promise<void>
}

interface ConnectionsOptions {
  max: number
  /** What each session begins with. */
  settings: string
  /** A connection that nobody used has ended. */
  onEnd(error: Error): void
}

export function createConnections(
  config: ClientConfig,
  { max, settings, onEnd }: ConnectionsOptions,
): Connections {
  const pool = createPool(config, max, settings)
  pool.on('error', onEnd)
  const sessions = new WeakMap<PoolClient, PostgresSession>()

  return {
    async use(work) {
      const client = await pool.connect()
      // Between two uses the pool listens.
      client.on('error', ignore)
      let isUsable = false
      try {
        const session = sessions.get(client) ?? createSession(client)
        sessions.set(client, session)
        const result = await work(session)
        isUsable = true
        return result
      } catch (error) {
        isUsable = isAboutStatement(error)
        throw error
      } finally {
        client.removeListener('error', ignore)
        client.release(!isUsable)
      }
    },
    close: () => pool.end(),
  }
}

let sessionCount = 0

/** Names of its own, because with PGlite all connections share one session. */
function createSession(client: PoolClient): PostgresSession {
  const prefix = `${process.pid}_${++sessionCount}_`
  const names = new Map<string, string>()
  return {
    query({ sql, params }) {
      const name = names.get(sql) ?? `${prefix}${names.size}`
      names.set(sql, name)
      return client.query({ name, text: sql, values: params.map(toParameter) })
    },
  }
}

/** The server refused a statement; its connection goes on, unless it only reads, as one to a standby will for long. */
function isAboutStatement(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return /^(2[0-4]...|4....|57014|55P03)$/.test(String(error.code))
}

/** What breaks a connection rejects the calls under way. */
function ignore(): void {}

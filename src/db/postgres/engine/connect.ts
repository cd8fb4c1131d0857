import { Client, type ClientConfig, Pool, types } from 'pg'
import { second } from '../../../base/duration.ts'
import type { PostgresAddress, SslMode } from '../../../base/urls/postgresUrl.ts'

/** How long a connection, and an answer, may take. */
const connectTimeout = 5 * second
const answerTimeout = 60 * second

const int8 = 20
const numeric = 1700
const getTypeParser: typeof types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  // Milliseconds, row numbers and sums of them: exact up to 2^53.
  if (oid === int8 || oid === numeric) return Number
  return format === undefined ? types.getTypeParser(oid) : types.getTypeParser(oid, 'text')
}

/**
 * Finds out how the server is spoken to, as libpq would. Resolves with what all connections to it are made with; rejects
 * with what `pg` throws.
 */
export async function negotiate({ url, sslmode }: PostgresAddress): Promise<ClientConfig> {
  if (sslmode !== 'prefer' && sslmode !== 'allow') return tryOnce(toClientConfig(url, sslmode))
  const [preferred, other] =
    sslmode === 'prefer' ? (['require', 'disable'] as const) : (['disable', 'require'] as const)
  try {
    return await tryOnce(toClientConfig(url, preferred))
  } catch (error) {
    if (!isAboutTls(error)) throw error
    return tryOnce(toClientConfig(url, other))
  }
}

function toClientConfig(text: string, sslmode: SslMode): ClientConfig {
  const url = new URL(text)
  const binding = url.searchParams.get('channel_binding')
  url.searchParams.delete('channel_binding')
  url.searchParams.set('sslmode', sslmode)
  url.searchParams.set('uselibpqcompat', 'true')
  return {
    application_name: 'unionpush',
    connectionString: url.href,
    connectionTimeoutMillis: connectTimeout,
    enableChannelBinding: binding !== null && binding !== 'disable',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10 * second,
    types: { getTypeParser },
  }
}

async function tryOnce(config: ClientConfig): Promise<ClientConfig> {
  const client = new Client(config)
  // What breaks the connection is told by `connect`.
  client.on('error', () => {})
  try {
    await client.connect()
    return config
  } finally {
    await client.end()
  }
}

/** The server has no TLS, or lets nobody in without. */
function isAboutTls(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return /does not support SSL/.test(error.message) || ('code' in error && error.code === '28000')
}

/** Connections whose sessions have these settings. Statements sent without waiting for the answers before travel together. */
export function createPool(config: ClientConfig, max: number, settings: string): Pool {
  return new Pool({
    ...config,
    max,
    pipeline: true,
    query_timeout: answerTimeout,
    idleTimeoutMillis: 60 * second,
    // Awaited by the pool.
    onConnect: (client) => client.query(settings),
  })
}

import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { PostgresConnection, type PostgresPoolConfig } from 'bullmq'
import type { Client, ClientConfig } from 'pg'
import { toBackoff } from '../../base/backoff.ts'
import { minute, second } from '../../base/duration.ts'
import { every } from '../../base/every.ts'
import { isPostgresCollision } from '../../base/isPostgresCollision.ts'
import type { Role } from '../backend.ts'
import { isAboutTls, isConnectionFault } from './faults.ts'
import { prepareTables, type QueryResult, readClock } from './tables.ts'

const connectTimeout = 4 * second
/** A statement that is not answered in time has lost its server; none of ours takes as long. */
const answerTimeout = 15 * second
const mostConnections: Record<Role, number> = { producer: 5, worker: 10 }

/** For `pg`, and BullMQ's schema. */
export type PostgresOptions = PostgresPoolConfig & { stream?: () => Socket }

/** The way of one process to the queues in a PostgreSQL: a few connections, and one that listens. */
export interface PostgresServer {
  /** Of a worker it waits for the server and is repeated when that is lost; of a producer it rejects then. */
  query(sql: string, values?: readonly unknown[]): Promise<QueryResult>
  /** The connection on which the server tells of new jobs. */
  getListenClient(): ReturnType<PostgresConnection['getListenClient']>
  isUp(): boolean
  /** Resolves when it can be used. */
  up(): Promise<void>
  lastError(): Error | undefined
  /** The clock of the server as seen from here; epoch milliseconds. */
  now(): number
  /** The same, asked for. */
  getTime(): Promise<number>
  /** Ends every connection; new ones are made. */
  reset(): void
  close(): Promise<void>
}

interface Listeners {
  onUp(): void
  /** The server could not be reached or used; it is tried again. */
  onError(error: Error): void
  /** Nothing is heard on the connection that listened any more. */
  onDeaf(): void
}

/**
 * Connects, makes the tables if there are none yet, and connects again whenever the server was away. Of several options
 * the first are used that do not fail for want of TLS, or of a connection without it.
 */
export function createPostgresServer(
  ways: readonly PostgresOptions[],
  role: Role,
  { onUp, onError, onDeaf }: Listeners,
): PostgresServer {
  const { open, reset } = createConnector(role)
  const closing = new AbortController()
  let connection: PostgresConnection | undefined
  let clockAhead = 0
  let lastError: Error | undefined
  let isUp = false
  // Not at once: whoever is told what it meets is not ready yet.
  let coming = Promise.resolve().then(comeUp)
  // What goes wrong here is met by whoever uses the server.
  const stopClock = every(minute, readServerClock, () => {})

  return {
    query,
    getListenClient: async () => (await whenConnected()).getListenClient(),
    isUp: () => isUp,
    up: () => coming,
    lastError: () => lastError,
    now: () => Date.now() + clockAhead,
    getTime: () => readServerClock().then(() => Date.now() + clockAhead),
    reset,
    async close() {
      isUp = false
      stopClock()
      closing.abort()
      coming = forever()
      const forceStop = setTimeout(reset, second)
      await connection?.close().catch(() => {})
      clearTimeout(forceStop)
      reset()
    },
  }

  async function query(sql: string, values?: readonly unknown[]): Promise<QueryResult> {
    for (;;) {
      const { pool } = await whenConnected()
      try {
        return await pool.query(sql, values)
      } catch (error) {
        // Rolled back, because it met another one that wanted the same rows.
        if (isPostgresCollision(error)) continue
        if (!isConnectionFault(error)) throw error
        lose(error)
        if (role === 'producer' || closing.signal.aborted) throw error
      }
    }
  }

  async function readServerClock(): Promise<void> {
    clockAhead = await readClock({ query: (sql) => query(sql) })
  }

  async function whenConnected(): Promise<PostgresConnection> {
    while (connection === undefined || (role === 'worker' && !isUp)) await coming
    return connection
  }

  function listenTo(opened: PostgresConnection): PostgresConnection {
    opened.on('error', lose)
    return opened.on('listenerinvalidated', onDeaf)
  }

  /** One connection that ends may be the only one that does, so the server is asked before anybody is told. */
  function lose(error: Error): void {
    if (!isUp || closing.signal.aborted) return
    isUp = false
    lastError = error
    coming = comeUp()
  }

  /** Never rejects. */
  async function comeUp(): Promise<void> {
    for (let failures = 1; !closing.signal.aborted; failures++) {
      try {
        if (connection) clockAhead = await prepareTables(connection)
        else ({ connection, clockAhead } = await connectFirst(ways, (way) => listenTo(open(way))))
        isUp = true
        lastError = undefined
        onUp()
        return
      } catch (error) {
        lastError = error instanceof Error ? error : new Error(String(error))
        // Behind an address that fails over, the next connection reaches the one to write to.
        if (isConnectionFault(error)) reset()
        onError(lastError)
      }
      const wait = toBackoff({ first: 100, longest: second }, failures)
      await sleep(wait, undefined, { signal: closing.signal }).catch(() => {})
    }
    await forever()
  }
}

/** What is still waited for when this is closed never comes, as BullMQ has it with every connection. */
function forever(): Promise<void> {
  return new Promise(() => {})
}

/** Rejects with what the last way met. */
async function connectFirst(
  ways: readonly PostgresOptions[],
  open: (options: PostgresOptions) => PostgresConnection,
): Promise<{ connection: PostgresConnection; clockAhead: number }> {
  for (const [n, options] of ways.entries()) {
    const connection = open(options)
    try {
      return { connection, clockAhead: await prepareTables(connection) }
    } catch (error) {
      await connection.close().catch(() => {})
      if (n === ways.length - 1 || !isAboutTls(error)) throw error
    }
  }
  throw new Error('no way to connect is given')
}

/** Makes connections of whose sockets it keeps track, to end them all when their server is not to be trusted any more. */
function createConnector(role: Role) {
  const sockets = new Set<Socket>()

  function track(socket: Socket): Socket {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }

  return {
    open(options: PostgresOptions): PostgresConnection {
      const connection = new PostgresConnection({
        max: mostConnections[role],
        connectionTimeoutMillis: connectTimeout,
        query_timeout: answerTimeout,
        keepAlive: true,
        keepAliveInitialDelayMillis: 10 * second,
        application_name: 'unionpush',
        ...options,
        stream: () => track(options.stream?.() ?? new Socket()),
      })
      const { Client: Bare }: { Client: typeof Client } = Reflect.get(connection, 'pgModule')
      Reflect.set(connection, 'pgModule', { Client: toForgiving(Bare) })
      return connection
    },
    reset() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/**
 * The connection that listens. BullMQ hears of its errors from a moment after it is there, and one that the server ends
 * in that moment would end this process. Several queues ask it at once, of which `pg` warns on stderr.
 */
function toForgiving(Bare: typeof Client): typeof Client {
  return class extends Bare {
    constructor(config?: string | ClientConfig) {
      super(config)
      this.on('error', () => {})
      const query: (...words: unknown[]) => Promise<unknown> = this.query.bind(this)
      let last: Promise<unknown> = Promise.resolve()
      Reflect.set(this, 'query', (...words: unknown[]) => {
        const answer = last.then(() => query(...words))
        last = answer.catch(() => {})
        return answer
      })
    }
  }
}

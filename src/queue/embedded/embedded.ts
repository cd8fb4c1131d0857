import { readFile, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import {
  type BackendFactory,
  createPostgresBackend,
  type PostgresConnectionOptions,
  type PostgresQueueBackend,
  Queue,
  Worker,
} from 'bullmq'
import type { QueueBackend } from '../backend.ts'
import { refuseStranger } from '../claim.ts'

/** Seconds after which an idle worker looks for jobs again. */
const pollInterval = 0.25

/** Where the process that hosts the embedded queue listens; only its user can connect there. */
export function toSocketPath(dir: string): string {
  return join(dir, 'queue.sock')
}

/** BullMQ's PostgreSQL backend on the embedded queue of `dir`, which this or another process hosts. */
export function connectEmbedded(dir: string): QueueBackend {
  const connection = toConnection(dir)
  return {
    place: `the embedded queue in ${dir}`,
    isReady: () => true,
    async ready() {},
    onReady() {},
    lastError: () => undefined,
    isRefusal: isNobodyThere,
    permanentReason: (error) =>
      isNobodyThere(error)
        ? `No process hosts the embedded queue in ${dir}: start \`unionpush start\` or \`unionpush worker\`, or set REDIS_URL`
        : undefined,
    untilUnusable: new Promise(() => {}),
    isUnusable: () => false,
    explain: (error) => (error instanceof Error ? error.message : String(error)),
    // Its programs all run on this machine.
    getTime: async () => Date.now(),
    async claim(_, databaseId) {
      const path = join(dir, 'database-id')
      // Only the process that hosts the queue is here, and one that was killed may have left it empty.
      const owner = await readFile(path, 'utf8').catch(() => '')
      if (owner === '') await writeFile(path, databaseId)
      else if (owner !== databaseId) refuseStranger(dir, `delete the file ${path}`)
    },
    createQueue: (name) => new Queue(name, { connection }, createPostgresBackend),
    createWorker: (name, processor, options) =>
      new Worker(name, processor, { ...options, connection }, createPollingBackend),
    findDangers: async () => [],
    reset() {},
    async close() {},
  }
}

/** The connection of a `pg.Pool`; everything is given, so that no PG* variable of the environment gets a say. */
export function toConnection(dir: string) {
  return {
    stream: () => connectTo(toSocketPath(dir)),
    host: 'localhost',
    port: 5432,
    user: 'postgres',
    password: '',
    database: 'postgres',
    ssl: false,
    max: 5,
  }
}

/** pg would connect to host and port, or to a socket with a name of its own choice. */
function connectTo(path: string): Socket {
  const socket = new Socket()
  const connect = socket.connect.bind(socket)
  socket.connect = () => connect(path)
  return socket
}

/** All connections share one PostgreSQL session, so a NOTIFY never reaches the one that listens: ask instead. */
const createPollingBackend: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (
  name,
  options,
  backendOptions,
) => {
  const backend = createPostgresBackend(name, options, backendOptions)
  const waitForJob = backend.waitForJob.bind(backend)
  backend.waitForJob = (seconds) => waitForJob(Math.min(seconds, pollInterval))
  return backend
}

function isNobodyThere(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
  )
}

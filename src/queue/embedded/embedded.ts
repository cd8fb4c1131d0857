import { readFile, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { say } from '../../base/sentences/sentence.ts'
import type { QueueBackend, Role } from '../backend.ts'
import { refuseStranger } from '../claim.ts'
import { connectPostgres } from '../postgres/postgres.ts'

/** All connections share one PostgreSQL session, so a NOTIFY never reaches the one that listens: ask instead. */
const pollInterval = 0.25

/** Where the process that hosts the embedded queue listens; only its user can connect there. */
export function toSocketPath(dir: string): string {
  return join(dir, 'queue.sock')
}

/** The queue in the PostgreSQL of `dir`, which this or another process hosts. */
export function connectEmbedded(dir: string, role: Role): QueueBackend {
  const backend = connectPostgres(
    {
      place: say('place.embedded', { dir }),
      ways: [toConnection(dir)],
      schema: 'bullmq',
      pollInterval,
      toPermanentReason: (error) => (isNobodyThere(error) ? say('away.notHosted', { dir }) : undefined),
    },
    role,
  )
  return {
    ...backend,
    async claim(_, databaseId) {
      const path = join(dir, 'database-id')
      // Only the process that hosts the queue is here, and one that was killed may have left it empty.
      const owner = await readFile(path, 'utf8').catch(() => '')
      if (owner === '') await writeFile(path, databaseId)
      else if (owner !== databaseId) refuseStranger(dir, say('away.foreignFile', { path }))
    },
    // PGlite syncs to disk in its own way, and its host tidies up.
    findDangers: async () => [],
    async tidy() {},
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

function isNobodyThere(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
  )
}

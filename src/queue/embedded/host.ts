import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { PostgresConnection } from 'bullmq'
import { hour } from '../../base/duration.ts'
import { every } from '../../base/every.ts'
import type { Log } from '../../base/log.ts'
import { createReleasers } from '../../base/releasers.ts'
import { prepareTables } from '../postgres/tables.ts'
import { toConnection, toSocketPath } from './embedded.ts'
import { shareSession } from './sharedSession.ts'
import { tidyEmbeddedQueue } from './tidy.ts'

/** Bytes that every operating system takes as the path of a socket. */
const socketPathLimit = 103

/** Connections of all processes together; a worker takes up to 12, a producer up to 5. */
const maxConnections = 200

export interface EmbeddedHost {
  close(): Promise<void>
}

/**
 * Runs PostgreSQL inside this process for the embedded queue of `dir`; one process per directory.
 * Rejects with a sentence when another process does so already or an optional package is missing.
 */
export async function hostEmbeddedQueue(dir: string, log: Log): Promise<EmbeddedHost> {
  const path = toSocketPath(dir)
  if (Buffer.byteLength(path) > socketPathLimit) {
    throw new Error(
      `The path ${path} is too long for a socket: set DATA_DIR to a directory with a shorter path`,
    )
  }
  const { PGlite, PGLiteSocketServer } = await loadPglite()
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const startParams = [...PGlite.defaultStartParams, '-c', 'min_wal_size=32MB', '-c', 'max_wal_size=64MB']
  const releasers = createReleasers()
  try {
    const lock = takeLock(dir)
    releasers.add(() => lock.close())

    const data = join(dir, 'pgdata')
    const marker = join(dir, 'initialised')
    // A process that died while it set the directory up left nothing that anybody was promised.
    if (!existsSync(marker)) await rm(data, { recursive: true, force: true })
    const database = await PGlite.create(data, { startParams }).catch(async (cause) => {
      throw new Error(await toDamageSentence(dir, data, cause), { cause })
    })
    releasers.add(() => database.close())
    // All connections share this session, and PGlite ignores what they ask for when they connect.
    await database.exec('SET search_path TO bullmq')

    await rm(path, { force: true })
    const server = new PGLiteSocketServer({ db: shareSession(database), path, maxConnections })
    await server.start()
    releasers.add(() => server.stop())
    await chmod(path, 0o600)

    const connection = new PostgresConnection({ ...toConnection(dir), max: 1 })
    releasers.add(() => connection.close())
    await prepareTables(connection)
    await writeFile(marker, '')
    await tidyEmbeddedQueue(connection)
    const warn = (error: unknown) => log.warn({ err: error, dir }, 'the embedded queue could not be tidied')
    releasers.add(every(hour, () => tidyEmbeddedQueue(connection), warn))
  } catch (error) {
    await releasers.close()
    throw error
  }
  log.warn(
    { dir },
    'the queue is embedded in this process: good for trying out and for small use on one machine; set REDIS_URL for production',
  )
  return { close: releasers.close }
}

/** An SQLite lock, because the operating system frees it however this process ends. */
function takeLock(dir: string): Sqlite.Database {
  const lock = new Sqlite(join(dir, 'host.lock'), { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (cause) {
    lock.close()
    throw new Error(
      `Another process hosts the embedded queue in ${dir}: with it only one \`unionpush start\` or \`unionpush worker\` can run; set REDIS_URL for more`,
      { cause },
    )
  }
}

/** PGlite says little more than that it was aborted. */
async function toDamageSentence(dir: string, data: string, cause: unknown): Promise<string> {
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => 'unknown')
  const reason = cause instanceof Error ? cause.message : String(cause)
  return `The embedded queue in ${dir} cannot be opened (${reason}): its files are damaged, or were made by another version of the package @electric-sql/pglite (they are of PostgreSQL ${version.trim()}). Install the version that made them, or put a copy of ${dir} back, or move ${dir} away to begin with an empty queue`
}

async function loadPglite() {
  try {
    const { PGlite } = await import('@electric-sql/pglite')
    const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
    import.meta.resolve('pg')
    return { PGlite, PGLiteSocketServer }
  } catch (cause) {
    throw new Error(
      'The embedded queue needs the packages @electric-sql/pglite, @electric-sql/pglite-socket and pg: install them (npm leaves optional packages out with --omit=optional), or set REDIS_URL',
      { cause },
    )
  }
}

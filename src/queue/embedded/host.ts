import { existsSync } from 'node:fs'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { PostgresConnection } from 'bullmq'
import { hour } from '../../base/duration.ts'
import { every } from '../../base/every.ts'
import type { Log } from '../../base/log.ts'
import { makeDirectory } from '../../base/makeDirectory.ts'
import { createReleasers } from '../../base/releasers.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { prepareTables } from '../postgres/tables.ts'
import { QueueUnavailableError } from '../unavailable.ts'
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
    throw new QueueUnavailableError(say('hosting.pathTooLong', { path }), {
      cause: undefined,
      isLasting: true,
    })
  }
  const { PGlite, PGLiteSocketServer } = await loadPglite()
  makeDirectory(dir)
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
      throw new QueueUnavailableError(await toDamageSentence(dir, data, cause), { cause, isLasting: true })
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
    throw new QueueUnavailableError(say('hosting.another', { dir }), { cause })
  }
}

/** PGlite says little more than that it was aborted. */
async function toDamageSentence(dir: string, data: string, cause: unknown): Promise<Sentence> {
  const version = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => 'unknown')
  const reason = cause instanceof Error ? cause.message : String(cause)
  return say('hosting.damaged', { dir, reason, version: version.trim() })
}

async function loadPglite() {
  try {
    const { PGlite } = await import('@electric-sql/pglite')
    const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
    import.meta.resolve('pg')
    return { PGlite, PGLiteSocketServer }
  } catch (cause) {
    throw new QueueUnavailableError(say('hosting.packages'), { cause, isLasting: true })
  }
}

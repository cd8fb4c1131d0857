import { open } from 'node:fs/promises'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import { toDatabaseError } from './databaseError.ts'
import type { Statement, StatementResult } from './statement.ts'
import type { Batch, Group, Outcome, WriterOptions, WriterReply, WriterRequest } from './writerProtocol.ts'

/** What `Database.writeSoon` promises. */
const flushInterval = 1_000

serve(workerData)

/** Executes what the owner posts until told to close. */
function serve({ path, closing }: WriterOptions): void {
  const port = parentPort
  if (!port) throw new Error('writerThread is a worker thread')
  const reply = (message: WriterReply) => port.postMessage(message)
  const receive = (): { message: WriterRequest } | undefined => receiveMessageOnPort(port)

  const connection = new Sqlite(path, { fileMustExist: true, timeout: 5_000 })
  connection.pragma('foreign_keys = ON')
  connection.pragma('cache_size = -16384')
  connection.pragma('wal_autocheckpoint = 8000')
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  const rollback = connection.prepare('ROLLBACK')
  const prepared = new Map<string, Sqlite.Statement>()
  let synchronous = ''
  let flushing: NodeJS.Timeout | undefined

  port.on('message', (request: WriterRequest) => {
    if (request !== 'close') return work(request)
    clearTimeout(flushing)
    connection.pragma('busy_timeout = 500')
    connection.pragma('wal_checkpoint(TRUNCATE)')
    connection.close()
    port.close()
  })

  /** What has come meanwhile shares the commit. */
  function work(first: Batch): void {
    const batches = [first, ...receiveBatches()]
    const isDurable = batches.some((batch) => batch.isDurable)
    synchronize(isDurable ? 'FULL' : 'NORMAL')
    reply(transact(batches.flatMap(({ groups }) => groups)))
    if (isDurable) flushing = void clearTimeout(flushing)
    else flushing ??= setTimeout(flush, flushInterval)
  }

  /** The request to close cannot be among them: it is made when all others have their replies. */
  function* receiveBatches(): Generator<Batch> {
    for (let next = receive(); next && next.message !== 'close'; next = receive()) yield next.message
  }

  function synchronize(mode: 'FULL' | 'NORMAL'): void {
    if (mode !== synchronous) connection.pragma(`synchronous = ${mode}`)
    synchronous = mode
  }

  /** Also what it does not wait for is on disk within a second; a commit that is durable takes all before it along. */
  async function flush(): Promise<void> {
    flushing = undefined
    // Without the file everything is in the database already; an error of the disk also meets the next durable commit.
    const log = await open(`${path}-wal`, 'r+').catch(() => undefined)
    await log?.datasync().catch(() => {})
    await log?.close()
  }

  /** One commit for all groups; if it fails each runs alone, so that only the guilty one is refused. */
  function transact(groups: Group[]): Outcome[] {
    try {
      beginWhenFree()
      const outcomes = groups.map((group) => ({ results: group.map(execute) }))
      commit.run()
      return outcomes
    } catch (thrown) {
      if (connection.inTransaction) rollback.run()
      const { code, message: sentence } = toDatabaseError(thrown, path)
      if (groups.length > 1 && code !== 'locked') return groups.flatMap((group) => transact([group]))
      return groups.map(() => ({ error: { code, sentence } }))
    }
  }

  /** Another process may hold the lock for long: that delays a write, only closing gives up. */
  function beginWhenFree(): void {
    for (let waited = false; ; waited = true) {
      try {
        begin.run()
        if (waited) reply('got_lock')
        return
      } catch (error) {
        if (toDatabaseError(error, path).code !== 'locked' || Atomics.load(closing, 0) === 1) throw error
        if (!waited) reply('waiting_for_lock')
      }
    }
  }

  function execute(statement: Statement): StatementResult {
    const { sql } = statement
    const query = prepared.get(sql) ?? connection.prepare(sql)
    prepared.set(sql, query)
    const executions = 'rows' in statement ? statement.rows : [statement.params]
    if (query.reader) {
      const rows = executions.flatMap((values) => query.all(values))
      return { changes: rows.length, rows }
    }
    let changes = 0
    for (const values of executions) changes += query.run(values).changes
    return { changes }
  }
}

import { Worker } from 'node:worker_threads'
import type Sqlite from 'better-sqlite3'
import type { Log } from '../../../base/log.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { DatabaseError, toDatabaseError } from '../../databaseError.ts'
import { toPackageFile } from '../../packageFile.ts'
import { createInlineWriter } from './inlineWriter.ts'
import type { Group, StatementResult } from './statement.ts'
import { createWalSync } from './walSync.ts'
import type { Batch, Outcome, WriterOptions, WriterReply, WriterRequest } from './writerProtocol.ts'

export interface Writer {
  write(group: Group): Promise<StatementResult[]>
  writeSoon(group: Group): Promise<StatementResult[]>
  /** The connection of this thread's own commits; undefined until there was one. */
  connection(): Sqlite.Database | undefined
  close(): Promise<void>
}

interface Call {
  group: Group
  isDurable: boolean
  resolve(results: StatementResult[]): void
  reject(error: DatabaseError): void
}

/**
 * SQLite waits for locks and for the disk on the thread that asks, so what may have to wait is written by a thread of its
 * own; what is asked for while that is at work shares its next commit. Only `writeSoon` may do without it.
 */
export function createWriter({ path, log }: { path: string; log: Log }): Writer {
  const inlineWriter = createInlineWriter(path)
  const walSync = createWalSync(path)
  const closing = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const waiting: Call[] = []
  const underWay: Call[] = []
  let scheduled = false
  let thread: Worker | undefined
  let closed: Promise<void> | undefined
  let onClosed: (() => void) | undefined

  return {
    write: (group) => enqueue(group, true),
    writeSoon: (group) => enqueue(group, false),
    connection: inlineWriter.connection,
    close() {
      closed ??= new Promise((resolve) => {
        onClosed = resolve
        Atomics.store(closing, 0, 1)
        proceed()
      })
      return closed.then(walSync.close)
    },
  }

  function enqueue(group: Group, isDurable: boolean): Promise<StatementResult[]> {
    if (onClosed) return Promise.reject(new DatabaseError('closed', say('db.closed', { address: path })))
    return new Promise((resolve, reject) => {
      waiting.push({ group, isDurable, resolve, reject })
      schedule()
    })
  }

  /** Not at once, so that all calls of this turn of the event loop share one commit. */
  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      const calls = waiting.splice(0)
      const groups = calls.map(({ group }) => group)
      const isDurable = calls.some((call) => call.isDurable)
      // Not while the thread is at work, which was asked first.
      const written = isDurable || underWay.length > 0 ? undefined : inlineWriter.tryWrite(groups)
      if (written) {
        underWay.push(...calls)
        settle(written.map((results) => ({ results })))
      } else post(calls, { groups, isDurable })
    })
  }

  function post(calls: Call[], batch: Batch): void {
    thread ??= startThread()
    try {
      request(thread, batch)
      underWay.push(...calls)
    } catch (error) {
      // A value that cannot be copied to the thread.
      fail(calls, toDatabaseError(error, path))
      proceed()
    }
  }

  function proceed(): void {
    if (onClosed && waiting.length === 0 && underWay.length === 0) endThread()
  }

  function endThread(): void {
    inlineWriter.close()
    if (thread) request(thread, 'close')
    else onClosed?.()
  }

  function startThread(): Worker {
    const worker = openThread({ path, closing })
    let cause: unknown
    worker.on('message', (reply: WriterReply) => {
      if (typeof reply === 'string') logLock(reply, log, path)
      else settle(reply)
    })
    worker.on('error', (error) => {
      cause = error
    })
    worker.on('exit', () => {
      thread = undefined
      const ended = new DatabaseError('failed', say('db.writerEnded', { address: path }))
      fail(underWay.splice(0), toDatabaseError(cause ?? ended, path))
      proceed()
    })
    return worker
  }

  /** What became of the first calls under way, all of one commit. */
  function settle(outcomes: Outcome[]): void {
    if (answer(underWay.splice(0, outcomes.length), outcomes)) walSync.done()
    else walSync.soon()
    proceed()
  }
}

function fail(calls: readonly Call[], { code, sentence }: DatabaseError): void {
  for (const call of calls) call.reject(new DatabaseError(code, sentence))
}

/** Returns whether what was written is on the disk. */
function answer(calls: readonly Call[], outcomes: readonly Outcome[]): boolean {
  let isOnDisk = false
  for (const [index, call] of calls.entries()) {
    const outcome = outcomes[index]
    if (outcome && 'results' in outcome) {
      isOnDisk ||= call.isDurable
      call.resolve(outcome.results)
    } else if (outcome) call.reject(new DatabaseError(outcome.error.code, outcome.error.sentence))
  }
  return isOnDisk
}

function logLock(lock: 'waiting_for_lock' | 'got_lock', log: Log, path: string): void {
  if (lock === 'got_lock') log.info({ path }, 'the database is free again, writes go on')
  else log.warn({ path }, 'another process holds the database, writes wait for it')
}

function request(thread: Worker, message: WriterRequest): void {
  thread.postMessage(message)
}

function openThread(workerData: WriterOptions): Worker {
  // All the thread makes are copies of what it is sent; they need not pile up before they are swept.
  const options = { workerData, resourceLimits: { maxYoungGenerationSizeMb: 8 } }
  return new Worker(toPackageFile('sqlite/engine/writerThread.js'), options)
}

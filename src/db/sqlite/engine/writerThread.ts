import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { toDatabaseError } from '../../databaseError.ts'
import type { Group } from './statement.ts'
import { createTransaction, longLog, openForWriting } from './transaction.ts'
import type { Batch, Outcome, WriterOptions, WriterReply, WriterRequest } from './writerProtocol.ts'

serve(workerData)

/** Executes what the owner posts until told to close. */
function serve({ path, closing }: WriterOptions): void {
  const port = parentPort
  if (!port) throw new Error('writerThread is a worker thread')
  const reply = (message: WriterReply) => port.postMessage(message)
  const receive = (): { message: WriterRequest } | undefined => receiveMessageOnPort(port)

  const connection = openForWriting(path, 5_000)
  connection.pragma(`wal_autocheckpoint = ${longLog}`)
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const transaction = createTransaction(connection, beginWhenFree)
  let synchronous = ''

  port.on('message', (request: WriterRequest) => {
    if (request !== 'close') return work(request)
    connection.pragma('busy_timeout = 500')
    connection.pragma('wal_checkpoint(TRUNCATE)')
    connection.close()
    port.close()
  })

  /** What has come meanwhile shares the commit. */
  function work(first: Batch): void {
    const batches = [first, ...receiveBatches()]
    synchronize(batches.some(({ isDurable }) => isDurable) ? 'FULL' : 'NORMAL')
    reply(transact(batches.flatMap(({ groups }) => groups)))
  }

  /** The request to close cannot be among them: it is made when all others have their replies. */
  function* receiveBatches(): Generator<Batch> {
    for (let next = receive(); next && next.message !== 'close'; next = receive()) yield next.message
  }

  function synchronize(mode: 'FULL' | 'NORMAL'): void {
    if (mode !== synchronous) connection.pragma(`synchronous = ${mode}`)
    synchronous = mode
  }

  /** One commit for all groups; if it fails each runs alone, so that only the guilty one is refused. */
  function transact(groups: Group[]): Outcome[] {
    try {
      return transaction(groups).map((results) => ({ results }))
    } catch (thrown) {
      const { code, sentence } = toDatabaseError(thrown, path)
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
}

import type { Processor } from 'bullmq'
import type { QueueConfig } from '../base/config.ts'
import { hour, second } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { Log } from '../base/log.ts'
import { type Sentence, toEnglish } from '../base/sentences/sentence.ts'
import type { Danger, PushQueue, QueueBackend, QueueWorker, QueueWorkerOptions } from './backend.ts'
import { connectQueue } from './connect.ts'
import { hostEmbeddedQueue } from './embedded/host.ts'
import { toControlQueueName, toQueueName } from './names.ts'
import { recoverStalled } from './recoverStalled.ts'

export interface WorkedQueue {
  /** Its commands wait for the server as long as it takes. */
  queue: PushQueue
  createWorker(processor: Processor, options: QueueWorkerOptions): QueueWorker
  /** The clock of the server; epoch milliseconds. */
  getTime(): Promise<number>
}

export interface WorkerQueue extends WorkedQueue {
  /** Takes the queue for a database. Rejects with QueueUnavailableError when it is another one's. */
  claim(databaseId: string): Promise<void>
  /** What producers ask; neither a backlog of pushes nor a pause holds it up. */
  control: WorkedQueue
  /** Calls back whenever the server is there again. */
  onReady(listener: () => void): void
  /** Rejects with QueueUnavailableError when the server cannot be used with these settings. */
  untilUnusable: Promise<never>
  /** Whether the server surely did nothing for a command that ended with `error`. */
  isRefusal(error: unknown): boolean
  /** An error of the server or the connection as a sentence, with what to do about it. */
  explain(error: unknown): Sentence
  /** Gives up a connection that does not answer and makes another one. */
  reset(): void
  /** Workers have to be closed before; the connection stays. */
  close(): Promise<void>
}

/** The way to the queues of all accounts for a worker process; what waits for jobs has connections of its own. */
export interface WorkerConnection {
  openQueue(appid: string): WorkerQueue
  /** Queues have to be closed before. */
  close(): Promise<void>
}

const stalledInterval = 30 * second
/** How long a Redis may be full until somebody says so. */
const lookInterval = 30 * second

/** Hosts the queues too when they are embedded. */
export async function connectWorker(
  config: QueueConfig,
  log: Log,
  onDanger: (danger: Danger) => void = () => {},
): Promise<WorkerConnection> {
  const host = config.kind === 'embedded' ? await hostEmbeddedQueue(config.dir, log) : undefined
  const backend = connectQueue(config, 'worker')
  const releasers = [watchDangers(backend, log, onDanger), tidyHourly(backend, log)]
  return {
    openQueue: (appid) => openQueues(backend, appid),
    async close() {
      for (const release of releasers) release()
      await backend.close()
      await host?.close()
    },
  }
}

function openQueues(backend: QueueBackend, appid: string): WorkerQueue {
  const open = (name: string): WorkedQueue => {
    const queue = backend.createQueue(name)
    // Nobody listens yet, and BullMQ would print what the connection meets meanwhile.
    queue.on('error', () => {})
    return {
      queue,
      createWorker(processor, options) {
        const interval = options.stalledInterval ?? stalledInterval
        const worker = backend.createWorker(name, processor, {
          ...options,
          skipStalledCheck: true,
          // As long no other process looks; a little less, or this one would often come a moment too early.
          stalledInterval: 0.9 * interval,
        })
        recoverStalled(worker, queue, interval, backend.isRefusal)
        return worker
      },
      getTime: backend.getTime,
    }
  }
  const pushes = open(toQueueName(appid))
  const control = open(toControlQueueName(appid))
  return {
    ...pushes,
    control,
    claim: (databaseId) => backend.claim(toQueueName(appid), databaseId),
    onReady: backend.onReady,
    untilUnusable: backend.untilUnusable,
    isRefusal: backend.isRefusal,
    explain: backend.explain,
    reset: backend.reset,
    async close() {
      await pushes.queue.close()
      await control.queue.close()
    },
  }
}

/** Asks at every connection, because the server may be another one or have other settings, and now and then. */
function watchDangers(backend: QueueBackend, log: Log, onDanger: (danger: Danger) => void): () => void {
  let known = new Set<string>()
  const look = async () => {
    const dangers = await backend.findDangers()
    for (const danger of dangers) {
      if (known.has(danger.kind)) continue
      log.warn({ queue: toEnglish(backend.place) }, toEnglish(danger.sentence))
      onDanger(danger)
    }
    known = new Set(dangers.map(({ kind }) => kind))
  }
  // When the connection is lost meanwhile, the next one asks.
  const ignore = () => {}
  backend.onReady(() => look().catch(ignore))
  return every(lookInterval, () => (backend.isReady() ? look() : undefined), ignore)
}

function tidyHourly(backend: QueueBackend, log: Log): () => void {
  const warn = (error: unknown) => {
    const reason = toEnglish(backend.explain(error))
    log.warn({ queue: toEnglish(backend.place), reason }, 'the queue could not be tidied')
  }
  return every(hour, () => (backend.isReady() ? backend.tidy() : undefined), warn)
}

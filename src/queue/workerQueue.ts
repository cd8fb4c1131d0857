import type { Processor } from 'bullmq'
import type { QueueConfig } from '../config.ts'
import type { Log } from '../log.ts'
import type { PushQueue, QueueBackend, QueueWorker, QueueWorkerOptions } from './backend.ts'
import { connectEmbedded } from './embedded.ts'
import { hostEmbeddedQueue } from './embeddedHost.ts'
import { toControlQueueName, toQueueName } from './names.ts'
import { connectRedis } from './redis.ts'

export interface WorkedQueue {
  /** Its commands wait for the server as long as it takes. */
  queue: PushQueue
  createWorker(processor: Processor, options: QueueWorkerOptions): QueueWorker
}

export interface WorkerQueue extends WorkedQueue {
  /** What producers ask; neither a backlog of pushes nor a pause holds it up. */
  control: WorkedQueue
  /** Calls back whenever the server is there again. */
  onReady(listener: () => void): void
  /** Rejects with QueueUnavailableError when the server cannot be used with these settings. */
  untilUnusable: Promise<never>
  /** An error of the server or the connection as a sentence, with what to do about it. */
  explain(error: unknown): string
  /** Gives up a connection that does not answer and makes another one. */
  reset(): void
  /** Workers have to be closed before. */
  close(): Promise<void>
}

/** The queue of an account for a worker process, which hosts it too when it is the embedded one. */
export async function openWorkerQueue(config: QueueConfig, appid: string, log: Log): Promise<WorkerQueue> {
  const host = config.kind === 'embedded' ? await hostEmbeddedQueue(config.dir, log) : undefined
  const backend = config.kind === 'redis' ? connectRedis(config.urls, 'worker') : connectEmbedded(config.dir)
  const close = async () => {
    await backend.close()
    await host?.close()
  }
  try {
    return openQueues(backend, appid, log, close)
  } catch (error) {
    await close()
    throw error
  }
}

function openQueues(backend: QueueBackend, appid: string, log: Log, close: () => Promise<void>): WorkerQueue {
  const open = (name: string): WorkedQueue => {
    const queue = backend.createQueue(name)
    // Nobody listens yet, and BullMQ would print what the connection meets meanwhile.
    queue.on('error', () => {})
    return {
      queue,
      createWorker: (processor, options) => backend.createWorker(name, processor, options),
    }
  }
  warnOfDangers(backend, log)
  const pushes = open(toQueueName(appid))
  const control = open(toControlQueueName(appid))
  return {
    ...pushes,
    control,
    onReady: backend.onReady,
    untilUnusable: backend.untilUnusable,
    explain: backend.explain,
    reset: backend.reset,
    async close() {
      await pushes.queue.close()
      await control.queue.close()
      await close()
    },
  }
}

/** Asks at every connection, because the server may be another one, or have been started again with other settings. */
function warnOfDangers(backend: QueueBackend, log: Log): void {
  let known: string | undefined
  backend.onReady(async () => {
    // When the connection is lost meanwhile, the next one asks.
    const danger = await backend.findDanger().catch(() => known)
    if (danger !== undefined && danger !== known) log.warn({ queue: backend.place }, danger)
    known = danger
  })
}

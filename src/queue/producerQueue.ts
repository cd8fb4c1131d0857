import { setTimeout as sleep } from 'node:timers/promises'
import type { QueueConfig } from '../config.ts'
import { second } from '../duration.ts'
import type { PushQueue } from './backend.ts'
import { createDeadlines, DeadlineError } from './deadline.ts'
import { connectEmbedded } from './embedded.ts'
import { toControlQueueName, toQueueName } from './names.ts'
import { connectRedis } from './redis.ts'
import { QueueUnavailableError } from './unavailable.ts'

/** How long a call may take, its repetitions included. */
const patience = 5 * second
const pauseBetween = 100

export interface ProducerQueue {
  /**
   * Calls `use` with the queue, again while it fails, for at most 5 s in all: it must be safe to repeat.
   * Rejects with QueueUnavailableError; an attempt that was under way may still succeed.
   */
  run<T>(use: (queue: PushQueue) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** The queue of an account for callers who would rather be told no than wait. */
export function openProducerQueue(config: QueueConfig, appid: string): ProducerQueue {
  return open(config, toQueueName(appid))
}

/** Where the workers of an account are asked about its pushes. */
export function openControlQueue(config: QueueConfig, appid: string): ProducerQueue {
  return open(config, toControlQueueName(appid))
}

function open(config: QueueConfig, name: string): ProducerQueue {
  const backend =
    config.kind === 'redis' ? connectRedis(config.urls, 'producer') : connectEmbedded(config.dir)
  const deadlines = createDeadlines()
  let queue: PushQueue | undefined
  let opening: Promise<PushQueue> | undefined
  let isClosed = false

  return {
    async run(use) {
      const deadline = Date.now() + patience
      for (;;) {
        if (isClosed)
          throw new QueueUnavailableError('The queue was closed by this program', { cause: undefined })
        const used = queue
        try {
          return await deadlines.before(deadline, call(use))
        } catch (error) {
          if (error instanceof DeadlineError && used === queue) giveUpConnection()
          const hopeless = backend.toHopeless(error)
          if (hopeless) throw new QueueUnavailableError(hopeless, { cause: error })
          if (Date.now() + pauseBetween >= deadline) throw toUnavailable(error)
        }
        await sleep(pauseBetween)
      }
    },
    async close() {
      isClosed = true
      const opened = await opening?.catch(() => undefined)
      await opened?.close()
      await backend.close()
    },
  }

  /** Without a wait when there is nothing to wait for, which would cost every call as much as its checks. */
  function call<T>(use: (queue: PushQueue) => Promise<T>): Promise<T> {
    return queue && backend.isReady() ? use(queue) : callWhenReady(use)
  }

  async function callWhenReady<T>(use: (queue: PushQueue) => Promise<T>): Promise<T> {
    if (!backend.isReady()) await backend.ready()
    opening ??= openQueue()
    queue ??= await opening
    return use(queue)
  }

  /** A BullMQ queue that failed to get ready never tries again, so it is not kept. */
  async function openQueue(): Promise<PushQueue> {
    const opened = backend.createQueue(name)
    opened.on('error', () => {})
    try {
      await opened.waitUntilReady()
      return opened
    } catch (error) {
      opening = undefined
      discard(opened)
      throw error
    }
  }

  function giveUpConnection(): void {
    backend.reset()
    if (queue) discard(queue)
    queue = undefined
    opening = undefined
  }

  function toUnavailable(error: unknown): QueueUnavailableError {
    const cause = error instanceof DeadlineError ? (backend.lastError() ?? error) : error
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new QueueUnavailableError(`${backend.place} did not take the call within 5 s: ${reason}`, {
      cause,
    })
  }
}

function discard(queue: PushQueue): void {
  queue.close().catch(() => {})
}

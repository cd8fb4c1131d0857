import type { QueueConfig } from '../base/config.ts'
import { second } from '../base/duration.ts'
import { say } from '../base/sentences/sentence.ts'
import type { Danger, PushQueue, QueueBackend } from './backend.ts'
import { connectQueue } from './connect.ts'
import { createDeadlines, DeadlineError } from './deadline.ts'
import { toControlQueueName, toQueueName } from './names.ts'
import { createServerClock, type ServerClock } from './serverClock.ts'
import { QueueUnavailableError } from './unavailable.ts'
import { createWakeup } from './wakeup.ts'

/** How long a call may take, its repetitions included. */
const patience = 5 * second
const pauseBetween = 100

export interface ProducerQueue {
  /**
   * Calls `use` with the queue and the time by the clock of its server (epoch milliseconds), again while it fails, for at
   * most 5 s in all: it must be safe to repeat. `use` is not called any more once the call has been answered, nor after
   * `close`.
   * Rejects with QueueUnavailableError, which tells whether an attempt may have succeeded all the same.
   */
  run<T>(use: (queue: PushQueue, now: number) => Promise<T>): Promise<T>
  /** What a person should know of a server that answers. */
  findDangers(): Promise<Danger[]>
  /** The connection stays. */
  close(): Promise<void>
}

/** The way to the queues of all accounts for callers who would rather be told no than wait. */
export interface ProducerConnection {
  /** The pushes of an account. */
  openQueue(appid: string): ProducerQueue
  /** Where the workers of an account are asked about its pushes. */
  openControlQueue(appid: string): ProducerQueue
  /** Closes its queues too. */
  close(): Promise<void>
}

/** Every queue on it shares one connection to Redis, or a few to PostgreSQL. */
export function connectProducer(config: QueueConfig): ProducerConnection {
  const backend = connectQueue(config, 'producer')
  const clock = createServerClock(backend.getTime)
  const queues = new Set<ProducerQueue>()
  let isClosed = false
  const open = (name: string): ProducerQueue => {
    const opened = openOn(backend, clock, name)
    const queue: ProducerQueue = {
      ...opened,
      async close() {
        queues.delete(queue)
        await opened.close()
      },
    }
    queues.add(queue)
    // What is opened too late says so when it is used.
    if (isClosed) void queue.close()
    return queue
  }
  return {
    openQueue: (appid) => open(toQueueName(appid)),
    openControlQueue: (appid) => open(toControlQueueName(appid)),
    async close() {
      isClosed = true
      await Promise.all([...queues].map((queue) => queue.close()))
      await backend.close()
    },
  }
}

/** The pushes of an account, on a connection of their own. */
export function openProducerQueue(config: QueueConfig, appid: string): ProducerQueue {
  const connection = connectProducer(config)
  return { ...connection.openQueue(appid), close: connection.close }
}

function openOn(backend: QueueBackend, clock: ServerClock, name: string): ProducerQueue {
  const deadlines = createDeadlines()
  const wakeup = createWakeup(pauseBetween)
  let queue: PushQueue | undefined
  let opening: Promise<void> | undefined
  let openingError: unknown
  let isClosed = false

  return {
    async run(use) {
      const deadline = Date.now() + patience
      let mayBeQueued = false
      let lastFailure: unknown
      for (;;) {
        if (isClosed) throw toClosed(mayBeQueued)
        let failure: unknown
        // Without a wait when there is nothing to wait for, which would cost every call as much as its checks.
        const used = backend.isReady() ? queue : undefined
        const now = clock.now()
        if (used && now !== undefined) {
          try {
            return await deadlines.before(deadline, use(used, now))
          } catch (error) {
            failure = error
            mayBeQueued ||= !backend.isRefusal(error)
            if (error instanceof DeadlineError && used === queue) giveUpConnection(used)
          }
        } else {
          opening ??= openQueue()
          await wakeup.next()
          failure = openingError
        }
        const hopeless = backend.permanentReason(failure)
        if (hopeless) {
          const isLasting = backend.isUnusable()
          throw new QueueUnavailableError(hopeless, { mayBeQueued, isLasting, cause: failure })
        }
        // That the time is over says less than what the attempts before the last one met.
        if (!isTimeout(failure) || lastFailure === undefined) lastFailure = failure
        if (Date.now() + pauseBetween >= deadline) throw toUnavailable(backend, lastFailure, mayBeQueued)
        if (used) await wakeup.next()
      }
    },
    findDangers: backend.findDangers,
    async close() {
      isClosed = true
      wakeup.wake()
      if (backend.isReady()) await opening
      await queue?.close()
    },
  }

  /** Never rejects: whoever waits for the queue looks again. */
  async function openQueue(): Promise<void> {
    openingError = undefined
    try {
      if (!backend.isReady()) await backend.ready()
      if (!queue && !isClosed) queue = await createQueue()
      if (queue && clock.now() === undefined) await askClock(queue)
      wakeup.wake()
    } catch (error) {
      openingError = error
      if (backend.permanentReason(error)) wakeup.wake()
    } finally {
      opening = undefined
    }
  }

  /** A BullMQ queue that failed to get ready never tries again, so it is not kept. */
  async function createQueue(): Promise<PushQueue> {
    const created = backend.createQueue(name)
    created.on('error', () => {})
    try {
      await deadlines.before(Date.now() + patience, created.waitUntilReady())
      return created
    } catch (error) {
      if (error instanceof DeadlineError) giveUpConnection(created)
      else discard(created)
      throw error
    }
  }

  async function askClock(used: PushQueue): Promise<void> {
    try {
      await deadlines.before(Date.now() + patience, clock.ask())
    } catch (error) {
      if (error instanceof DeadlineError) giveUpConnection(used)
      throw error
    }
  }

  function giveUpConnection(used: PushQueue): void {
    if (queue === used) queue = undefined
    discard(used)
    backend.reset()
  }
}

function isTimeout(failure: unknown): boolean {
  return failure === undefined || failure instanceof DeadlineError
}

function toUnavailable(
  { lastError, explain, place }: Pick<QueueBackend, 'lastError' | 'explain' | 'place'>,
  error: unknown,
  mayBeQueued: boolean,
): QueueUnavailableError {
  const cause = isTimeout(error) ? (lastError() ?? error) : error
  const reason = cause === undefined ? say('away.noConnection') : explain(cause)
  return new QueueUnavailableError(say('away.inTime', { place, reason }), { mayBeQueued, cause })
}

function toClosed(mayBeQueued: boolean): QueueUnavailableError {
  return new QueueUnavailableError(say('away.closed'), { mayBeQueued, cause: undefined })
}

function discard(queue: PushQueue): void {
  queue.close().catch(() => {})
}

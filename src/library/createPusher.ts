import { setMaxListeners } from 'node:events'
import type { Backoff } from '../base/backoff.ts'
import { loadProducerConfig, readEnvironment } from '../base/config.ts'
import { second } from '../base/duration.ts'
import { type ControlClient, createControlClient } from '../push/controlClient.ts'
import type { PushMessage } from '../push/message.ts'
import { createProducer } from '../push/producer.ts'
import type { CancelAnswer, PushManyReceipt, PushReceipt } from '../push/pushAnswers.ts'
import type { PushRecord } from '../push/record.ts'
import { type WaitOptions, waitForPush } from '../push/wait.ts'
import { loadProducer } from '../queue/loadProducer.ts'
import type { ProducerQueue } from '../queue/producerQueue.ts'
import { QueueUnavailableError } from '../queue/unavailable.ts'

/** What is left out comes from the environment. */
export interface PusherOptions {
  /** The service account; default `WECHAT_APPID`. */
  appid?: string
  /** Default `REDIS_URL`, whose forms it takes; several URLs, separated by commas, are one cluster. */
  redisUrl?: string
  /** Where to find the queue when there is no Redis and this is `postgres://...`; default `DATABASE_URL`. */
  databaseUrl?: string
  /** Where to find the embedded queue when it is neither; default `DATA_DIR`. */
  dataDir?: string
}

export interface Pusher {
  /**
   * Queues one message, to be sent once.
   * Rejects with InvalidPushError (nothing was queued) or, within 5 s, with QueueUnavailableError.
   */
  push(message: PushMessage): Promise<PushReceipt>
  /**
   * Queues any number of messages with bounded memory; invalid ones are reported and left out.
   * Rejects with QueueUnavailableError, which says how many are queued for sure.
   */
  pushMany(messages: Iterable<PushMessage> | AsyncIterable<PushMessage>): Promise<PushManyReceipt>
  /**
   * Takes back a push that is not sent yet, whether it waits, is held or is to be tried again. Its id stays known.
   * Rejects within 5 s with QueueUnavailableError when no worker answers.
   */
  cancel(id: string): Promise<CancelAnswer>
  /**
   * Resolves with the record of a push when it is sent, or has its receipt, or has come to another end.
   * Rejects with TimeoutError, which tells how far it has come; then it goes on all the same.
   */
  wait(id: string, options?: WaitOptions): Promise<PushRecord>
  /** Ends waits, and waits for the other calls under way. */
  close(): Promise<void>
}

/** Between two questions of `wait`, each of which is a job of the queue. */
const backoff: Backoff = { first: 50, factor: 1.5, longest: second }

/**
 * Connects to the queue of one account; needs neither its secret nor a database.
 * @throws ConfigError
 */
export function createPusher({ appid, redisUrl, databaseUrl, dataDir }: PusherOptions = {}): Pusher {
  const config = loadProducerConfig({
    ...readEnvironment(),
    ...(appid !== undefined && { WECHAT_APPID: appid }),
    ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    ...(dataDir !== undefined && { DATA_DIR: dataDir }),
  })
  const closing = new AbortController()
  // Every wait listens to it.
  setMaxListeners(0, closing.signal)
  const connection = loadProducer(config.queue)
  const { appid: account } = config.accounts[0]
  const queue = connection.openQueue(account)
  let control: ProducerQueue | undefined

  function ask(): ControlClient {
    control ??= connection.openControlQueue(account)
    return createControlClient(control)
  }

  return {
    ...createProducer(queue),
    cancel: async (id) => ask().cancel(id),
    wait: async (id, options = {}) => waitForPush({ find: ask().find, backoff }, id, options, closing.signal),
    async close() {
      closing.abort(new QueueUnavailableError('The queue was closed by this program', { cause: undefined }))
      await connection.close()
    },
  }
}

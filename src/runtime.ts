import type { Config } from './base/config.ts'
import type { Log } from './base/log.ts'
import { createReleasers } from './base/releasers.ts'
import { openDatabase } from './db/open.ts'
import type { Stores } from './db/stores.ts'
import { loadProducer } from './queue/loadProducer.ts'
import type { ProducerConnection } from './queue/producerQueue.ts'
import { createWechatClient, type WechatClient } from './wechat/client.ts'
import { createGotTransport } from './wechat/transport/gotTransport.ts'
import type { Transport, TransportOptions } from './wechat/transport/transport.ts'

/** What all accounts of a process share, but for the queue. */
export interface Runtime {
  readonly log: Log
  readonly database: Stores
  readonly client: WechatClient
  close(): Promise<void>
}

/** What all accounts of a process share. */
export interface QueueRuntime extends Runtime {
  /** Connects when the first queue on it is opened. */
  readonly producer: ProducerConnection
}

type RuntimeConfig = Pick<Config, 'database' | 'apiBases' | 'proxy'> & Partial<Pick<Config, 'webhook'>>

/**
 * Opens the database and prepares the way to WeChat, which is not called yet. Rejects with a DatabaseError.
 * `createHotTransport` is for who sends: without it the few calls that are marked as hot take the way of the others, and
 * undici need not be loaded.
 */
export async function openRuntime(
  config: RuntimeConfig,
  log: Log,
  createHotTransport?: (options: TransportOptions) => Transport,
): Promise<Runtime> {
  const releasers = createReleasers()
  const database = await openDatabase(config.database, log)
  releasers.add(() => database.close())
  try {
    // Before anything changes, whoever changes it.
    if (config.webhook) await database.webhooks().turnOn()
  } catch (error) {
    await releasers.close()
    throw error
  }
  const transport = createGotTransport(config)
  const hotTransport = createHotTransport?.(config) ?? transport
  const client = createWechatClient({ bases: config.apiBases, transport, hotTransport, log })
  releasers.add(() => client.close())
  return { log, database, client, close: releasers.close }
}

/** The same with the queue, which is not connected to yet. */
export async function openQueueRuntime(
  config: RuntimeConfig & Pick<Config, 'queue'>,
  ...more: [log: Log, createHotTransport?: (options: TransportOptions) => Transport]
): Promise<QueueRuntime> {
  const runtime = await openRuntime(config, ...more)
  const producer = loadProducer(config.queue)
  return {
    ...runtime,
    producer,
    async close() {
      await producer.close()
      await runtime.close()
    },
  }
}

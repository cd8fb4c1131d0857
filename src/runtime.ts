import type { Config } from './base/config.ts'
import type { Log } from './base/log.ts'
import { createReleasers } from './base/releasers.ts'
import { type Database, openDatabase } from './db/sqlite/engine/open.ts'
import { createClient, type WechatClient } from './wechat/client.ts'
import { createGotTransport } from './wechat/transport/gotTransport.ts'
import type { Transport, TransportOptions } from './wechat/transport/transport.ts'

/** What all accounts of a process share. */
export interface Runtime {
  readonly log: Log
  readonly database: Database
  readonly client: WechatClient
  close(): Promise<void>
}

type RuntimeConfig = Pick<Config, 'databasePath' | 'apiBases' | 'proxy'>

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
  const database = await openDatabase({ path: config.databasePath, log })
  releasers.add(() => database.close())
  const transport = createGotTransport(config)
  const hotTransport = createHotTransport?.(config) ?? transport
  const client = createClient({ bases: config.apiBases, transport, hotTransport, log })
  releasers.add(() => client.close())
  return { log, database, client, close: releasers.close }
}

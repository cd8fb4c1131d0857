import { pino } from 'pino'
import type { Log } from '../../src/base/log.ts'
import { createTokenStore } from '../../src/db/sqlite/account/tokens.ts'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { createLeases } from '../../src/db/sqlite/shared/leases.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { createSyncRuns } from '../../src/db/sqlite/sync/syncRuns.ts'
import { type SyncOptions, syncFollowers } from '../../src/sync/syncFollowers.ts'
import { createWechatApi } from '../../src/wechat/api.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'

interface SyncStackOptions {
  path: string
  wechat: { base: string; appid: string; secret: string }
  now?: () => number
  log?: Log
}

export type SyncStack = Awaited<ReturnType<typeof openSyncStack>>

/** All that a sync needs, on a real file and the real WeChat client. */
export async function openSyncStack({
  path,
  wechat: { base, appid, secret },
  now = Date.now,
  log = pino({ level: 'silent' }),
}: SyncStackOptions) {
  const db = await openSqlite({ path, log })
  const transport = createGotTransport({ proxy: { http: undefined, https: undefined, none: undefined } })
  const client = createWechatClient({ bases: [base], transport, hotTransport: transport, log })
  const tokens = createTokenSource({ appid, secret, client, store: createTokenStore(db), log })
  const api = createWechatApi({ client, tokens })
  const followers = createFollowers(db, appid)
  const syncRuns = createSyncRuns(db, appid)
  const leases = createLeases(db, { now })
  return {
    db,
    followers,
    syncRuns,
    leases,
    sync(options: Partial<SyncOptions> = {}) {
      return syncFollowers(
        { api, followers, syncRuns, leases, log, now },
        { appid, concurrency: 5, refreshDays: 30, ...options },
      )
    },
    async close() {
      await client.close()
      await db.close()
    },
  }
}

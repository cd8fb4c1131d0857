import type { CallbackConfig, Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { type Callback, startCallback } from '../callback/callback.ts'
import { openDatabase } from '../db/sqlite/engine/open.ts'
import { createFollowers } from '../db/sqlite/followers/followers.ts'
import { createTokenStore } from '../db/sqlite/tokens.ts'
import { createWechatApi } from '../wechat/api.ts'
import { createClient } from '../wechat/client.ts'
import { createTokenSource } from '../wechat/token.ts'
import { createGotTransport } from '../wechat/transport/gotTransport.ts'

/** The callback of one account on a database and connections of its own. */
export async function openCallback(config: Config & { callback: CallbackConfig }, log: Log) {
  const { account, databasePath, apiBases } = config
  const { appid } = account
  const db = await openDatabase({ path: databasePath, log })
  const transport = createGotTransport(config)
  const client = createClient({ bases: apiBases, transport, hotTransport: transport, log })
  const tokens = createTokenSource({ ...account, client, store: createTokenStore(db), log })
  const callback: Callback = startCallback({
    appid,
    accounts: [{ appid, ...config.callback }, ...toList(config.miniProgramCallback)],
    db,
    api: createWechatApi({ client, tokens }),
    followers: createFollowers(db, appid),
    log,
  })
  return {
    callback,
    async close() {
      await callback.close()
      await client.close()
      await db.close()
    },
  }
}

function toList<T>(item: T | undefined): T[] {
  return item === undefined ? [] : [item]
}

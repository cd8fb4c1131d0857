import type { MiniProgramConfig } from '../base/config.ts'
import { createLog } from '../base/log.ts'
import { openDatabase } from '../db/sqlite/engine/open.ts'
import { createFollowers } from '../db/sqlite/followers/followers.ts'
import { createIdentity } from '../identity/identity.ts'
import { createClient } from '../wechat/client.ts'
import { createGotTransport } from '../wechat/transport/gotTransport.ts'

/** The login of one mini-program on a database and connections of its own. */
export async function openMiniProgram(config: MiniProgramConfig) {
  const log = createLog({ level: config.logLevel, pretty: false })
  const db = await openDatabase({ path: config.databasePath, log })
  const transport = createGotTransport(config)
  const client = createClient({ bases: config.apiBases, transport, hotTransport: transport, log })
  const followers = createFollowers(db, config.appid)
  return {
    identity: createIdentity({ account: config.miniProgram, db, client, followers, log }, config),
    async close() {
      await client.close()
      await db.close()
    },
  }
}

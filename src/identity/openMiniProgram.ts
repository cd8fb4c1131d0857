import type { MiniProgramConfig } from '../config.ts'
import { createFollowers } from '../db/followers.ts'
import { openDatabase } from '../db/open.ts'
import { createLog } from '../log.ts'
import { createClient } from '../wechat/client.ts'
import { createGotTransport } from '../wechat/gotTransport.ts'
import { createIdentity } from './identity.ts'

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

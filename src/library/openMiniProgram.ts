import type { MiniProgramConfig } from '../base/accounts/libraryConfig.ts'
import { createLog } from '../base/log.ts'
import { createIdentity } from '../identity/identity.ts'
import { openRuntime } from '../runtime.ts'

/** The login of one mini-program on a database and connections of its own. */
export async function openMiniProgram(config: MiniProgramConfig) {
  const log = createLog({ level: config.logLevel, pretty: false })
  const { database: db, client, close } = await openRuntime(config, log)
  const followers = db.followers(config.appid)
  return {
    identity: createIdentity({ account: config.miniProgram, db, client, followers, log }, config),
    close,
  }
}

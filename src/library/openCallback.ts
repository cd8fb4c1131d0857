import { openAccount } from '../account.ts'
import type { CallbackConfig, Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { startAccountCallback } from '../roles/callback.ts'

/** The callback of one account on a database and connections of its own. */
export async function openCallback(config: Config & { callback: CallbackConfig }, log: Log) {
  const account = await openAccount(config, log)
  const callback = startAccountCallback(account)
  return {
    callback,
    async close() {
      await callback.close()
      await account.close()
    },
  }
}

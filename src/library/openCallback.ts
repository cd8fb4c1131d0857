import { createAccount } from '../account.ts'
import type { AccountSettings } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import { startAccountCallback } from '../roles/callback.ts'
import { openQueueRuntime } from '../runtime.ts'

/** The callback of one account on a database and connections of its own. */
export async function openCallback(config: AccountSettings, log: Log) {
  const runtime = await openQueueRuntime(config, log)
  const account = createAccount(runtime, config)
  const callback = startAccountCallback(account)
  return {
    callback,
    async close() {
      await callback.close()
      await account.close()
      await runtime.close()
    },
  }
}

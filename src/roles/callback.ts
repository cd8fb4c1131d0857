import type { Account } from '../account.ts'
import { type Callback, startCallback } from '../callback/callback.ts'

/** WeChat's message push for one account and its mini-program; `resend` as of a callback. */
export function startAccountCallback(
  { appid, config, runtime, api, followers, log }: Account,
  resend?: (pushId: string) => Promise<unknown>,
): Callback {
  const accounts = [config.callback && { appid, ...config.callback }, config.miniProgramCallback].filter(
    (account) => account !== undefined,
  )
  return startCallback({ appid, accounts, db: runtime.database, api, followers, resend, log })
}

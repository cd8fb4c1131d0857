import type { Account } from '../account.ts'
import { second } from '../base/duration.ts'
import type { AccountCounts } from '../base/monitoring/metrics.ts'
import { type Callback, startCallback } from '../callback/callback.ts'
import type { ReceiptNews } from '../callback/receipts.ts'

/** WeChat's message push for one account and its mini-program; `resend` as of a callback; what its receipts say is counted. */
export function startAccountCallback(
  { appid, config, runtime, api, followers, log }: Account,
  resend?: (pushId: string) => Promise<unknown>,
  counts?: AccountCounts,
): Callback {
  const accounts = [config.callback && { appid, ...config.callback }, config.miniProgramCallback].filter(
    (account) => account !== undefined,
  )
  const onReceipt = ({ status, reason, delay }: ReceiptNews) => {
    counts?.pushReached(status, reason)
    counts?.receiptCame(delay / second)
  }
  const db = runtime.database
  const onMessage = counts?.messageCame
  return startCallback({ appid, accounts, db, api, followers, resend, onReceipt, onMessage, log })
}

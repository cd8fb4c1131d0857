import type { Account } from '../account.ts'
import { second } from '../base/duration.ts'
import type { AccountCounts } from '../base/monitoring/metrics.ts'
import { findTracing } from '../base/monitoring/tracing.ts'
import { type Callback, startCallback } from '../callback/callback.ts'
import type { SettledPush } from '../callback/receipts.ts'
import { traceReceipt } from './tracedAccount.ts'

/** WeChat's message push for one account and its mini-program; `resend` as of a callback; what its receipts say is counted. */
export function startAccountCallback(
  { appid, config, runtime, api, followers, pushes, log }: Account,
  resend?: (pushId: string) => Promise<unknown>,
  counts?: AccountCounts,
): Callback {
  const accounts = [config.callback && { appid, ...config.callback }, config.miniProgramCallback].filter(
    (account) => account !== undefined,
  )
  const onReceipt = ({ id, status, reason, delay }: SettledPush) => {
    const tracing = findTracing()
    if (tracing) {
      traceReceipt(tracing, pushes, { id, status, reason }).catch((error) =>
        log.warn({ err: error }, 'a receipt could not be traced'),
      )
    }
    counts?.pushReached(status, reason)
    counts?.receiptCame(delay / second)
  }
  const db = runtime.database
  const onMessage = counts?.messageCame
  return startCallback({ appid, accounts, db, api, followers, resend, onReceipt, onMessage, log })
}

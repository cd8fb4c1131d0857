import type { Log } from '../base/log.ts'
import type { Stores } from '../db/stores.ts'
import { createFollowerCheck, type FollowerCheckDeps } from './checkFollower.ts'
import { toFacts } from './event.ts'
import { startEventWorker } from './eventWorker.ts'
import type { ReceiptCounts, SettledPush } from './receipts.ts'
import { type CallbackAccount, createReceiver, type MessageResult } from './receive.ts'
import { createRefusals, type Refusals } from './refusals.ts'
import type { CallbackAnswer, CallbackRequest } from './request.ts'
import { createResendFailed } from './resendFailed.ts'

export interface Callback {
  receive(request: CallbackRequest): Promise<CallbackAnswer>
  /** Requests that were not taken, by reason. */
  refusals: Refusals
  /** What became of receipts since the start. */
  receiptCounts: Readonly<ReceiptCounts>
  /** Resolves when the work in hand is done; the next start goes on with the rest. */
  close(): Promise<void>
}

interface CallbackDeps extends Pick<FollowerCheckDeps, 'api' | 'followers'> {
  /** The service account. */
  appid: string
  /** The service account, its mini-program, or both; what is posted to `/wechat/callback` is for the first. */
  accounts: readonly CallbackAccount[]
  db: Pick<Stores, 'write' | 'callbackEvents' | 'liveFollowers' | 'receipts'>
  /** Sends a push that WeChat failed to deliver once more, as a new message; absent = that is not wanted. */
  resend?: ((pushId: string) => Promise<unknown>) | undefined
  /** Told of each push that has its receipt on record. */
  onReceipt?: ((settled: SettledPush) => void) | undefined
  /** Told of each message that was posted. */
  onMessage?: ((event: string, result: MessageResult) => void) | undefined
  log: Log
  now?: () => number
}

/** Takes WeChat's message push for one account and works it off, beginning with what an earlier process left. */
export function startCallback(deps: CallbackDeps): Callback {
  const { appid, accounts, db, api, followers, resend, onReceipt, onMessage, log, now = Date.now } = deps
  const receipts = db.receipts(appid)
  const events = db.callbackEvents(appid)
  const refusals = createRefusals(log, now)
  const worker = startEventWorker({
    appid,
    db,
    events,
    live: db.liveFollowers(appid),
    receipts,
    checkFollower: createFollowerCheck({ api, followers, log, now }),
    resendFailed: resend && createResendFailed({ receipts, resend, log, now }),
    onReceipt,
    log,
    now,
  })
  const receive = createReceiver({
    accounts,
    async store(account, event) {
      const isPrivacy = 'app' in event
      // Follows and receipts are the service account's; a mini-program has neither.
      if (account !== appid && !isPrivacy) return 'ignored'
      const told = isPrivacy && event.app === '' ? { ...event, app: account } : event
      const isNew = await events.record(toFacts(told), now())
      if (isNew) worker.wake()
      return isNew ? 'stored' : 'repeated'
    },
    onMessage,
    refusals,
    log,
    now,
  })
  return { receive, refusals, receiptCounts: worker.receiptCounts, close: worker.stop }
}

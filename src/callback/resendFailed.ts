import type { Log } from '../base/log.ts'
import type { StoredEvent } from '../db/callbackEvents.ts'
import type { Receipts } from '../db/receipts.ts'
import { toNextTry } from './nextTry.ts'

interface ResendDeps {
  receipts: Pick<Receipts, 'findByMsgid'>
  /** Queues the push once more, as a new message. */
  resend(pushId: string): Promise<unknown>
  log: Log
  now?: () => number
}

/** Sends once more what WeChat accepted and then failed to deliver; resolves with the time to try again, null = no more. */
export function createResendFailed({ receipts, resend, log, now = Date.now }: ResendDeps) {
  return async ({ msgid, tries }: StoredEvent): Promise<number | null> => {
    const push = await receipts.findByMsgid(msgid)
    // The receipt can be here before the send is recorded.
    if (!push || push.status === 'sent') return toNextTry(tries, now())
    // A broadcast is sent again as a whole, when somebody asks for it.
    if (push.recipient || push.reason !== 'system_failed' || push.generation > 0) return null
    try {
      await resend(push.id)
      return null
    } catch (error) {
      const next = toNextTry(tries, now())
      if (next === null) log.warn({ err: error, push: push.id }, 'a push that WeChat lost is not sent again')
      return next
    }
  }
}

import type { Recurrence, RuleMatch } from '../control/script.ts'
import type { CallbackEventName } from './event.ts'

/** What happens to an event out of the ordinary; its cases are events. */
export interface CallbackRule extends Recurrence {
  /** Default: every event; with `status`, `withoutMsgid` or `beforeAnswer` every receipt. */
  event?: CallbackEventName | undefined
  /** Only events about this person, only receipts of messages by this template. */
  match?: RuleMatch | undefined
  /** What the receipt says: `failed:user block`, `failed: system failed`, `failed:freq limit` or any other text. */
  status?: string | undefined
  /** The receipt carries MsgID 0. */
  withoutMsgid?: boolean | undefined
  /** The receipt is there before the send call is answered. */
  beforeAnswer?: boolean | undefined
  /** The event never comes. */
  never?: boolean | undefined
  /** It comes so much later than it should; CreateTime stays what it was. */
  delayMs?: number | undefined
  /** The same body is posted so many times more, at the same time. */
  copies?: number | undefined
  /** Kept back until so many other events have been acknowledged, for a second at the most. */
  overtakenBy?: number | undefined
}

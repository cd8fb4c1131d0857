import { say } from '../base/sentences/sentence.ts'
import { parseStored, toStored } from '../base/sentences/stored.ts'
import { toIso } from '../base/time.ts'
import type { RecipientRow } from '../db/broadcasts/recipients.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import type { PushRecord } from './record.ts'

type RecipientState = Pick<PushRecord, 'status' | 'reason' | 'detail' | 'finishedAt'>

/** What became of one recipient of a broadcast, as of any push; `account`: what its account is called. */
export function toRecipientRecord(
  broadcast: BroadcastRow,
  recipient: RecipientRow,
  account: string,
): PushRecord {
  return {
    id: `${broadcast.id}:${recipient.isByUnionid ? recipient.unionid : recipient.openid}`,
    account,
    appid: broadcast.appid,
    unionid: recipient.unionid,
    openid: recipient.openid,
    templateId: broadcast.templateId,
    ...toState(broadcast, recipient),
    next: null,
    broadcast: broadcast.id,
    msgid: recipient.msgid,
    errcode: recipient.errcode,
    errmsg: recipient.errmsg,
    rid: recipient.rid,
    attempts: recipient.attempts,
    seq: toSeq(recipient),
    createdAt: toIso(broadcast.createdAt),
    sentAt: toIso(recipient.sentAt),
  }
}

/** Each message of a recipient waits, comes to an end, and may get a receipt after; of either WeChat may tell later what it intercepted. */
function toSeq({ generation, status, detail }: RecipientRow): number {
  if (status === null) return 5 * generation
  const end = status === 'delivered' || status === 'undelivered' ? 3 : 1
  const isExplained = detail !== null && parseStored(detail)?.key === 'receipt.intercepted'
  return 5 * generation + end + (isExplained ? 1 : 0)
}

const passedOver = {
  cancelled: toStored(say('outcome.broadcast_cancelled')),
  expired: toStored(say('outcome.broadcast_over')),
}

/** Who has no outcome waits, unless the broadcast is over: then he was passed over without a word on his row. */
function toState(broadcast: BroadcastRow, recipient: RecipientRow): RecipientState {
  const { status, reason, detail, isRetried } = recipient
  if (status !== null) return { status, reason, detail, finishedAt: toIso(recipient.finishedAt) }
  const over = findRest(broadcast)
  if (over !== undefined) {
    return {
      status: 'skipped',
      reason: over,
      detail: passedOver[over],
      finishedAt: toIso(broadcast.finishedAt),
    }
  }
  const waits = { status: 'queued', finishedAt: null } as const
  if (isRetried) return { ...waits, reason: 'retry', detail }
  if (broadcast.status === 'paused') return { ...waits, reason: 'paused', detail: broadcast.detail }
  return { ...waits, reason: null, detail: null }
}

/** Who has no outcome when it is over was not sent to, and for a reason. */
export function findRest({
  status,
  reason,
}: Pick<BroadcastRow, 'status' | 'reason'>): 'cancelled' | 'expired' | undefined {
  if (status === 'cancelled') return 'cancelled'
  return status === 'finished' && reason === 'expired' ? 'expired' : undefined
}

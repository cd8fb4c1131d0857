import { toIso } from '../base/time.ts'
import type { PushRow } from '../db/pushes.ts'
import { pushJobSchema } from '../queue/job.ts'
import type { PushRecord } from './record.ts'

/** `account`: what the account of the row is called. */
export function toPushRecord(row: PushRow, account: string): PushRecord {
  return {
    id: row.id,
    account,
    appid: row.appid,
    unionid: row.unionid,
    openid: row.openid,
    templateId: row.templateId,
    status: row.status,
    reason: row.reason,
    detail: row.detail,
    next: toNext(row),
    broadcast: null,
    msgid: row.msgid,
    errcode: row.errcode,
    errmsg: row.errmsg,
    rid: row.rid,
    attempts: row.attempts,
    seq: row.seq,
    createdAt: toIso(row.createdAt),
    sentAt: toIso(row.sentAt),
    finishedAt: toIso(row.finishedAt),
  }
}

/** It stands in the message, with all that is sent there. */
function toNext({ reason, message }: PushRow): string | null {
  if (reason !== 'handed_over') return null
  const [next] = pushJobSchema.parse(JSON.parse(message)).next ?? []
  return next ? (next.name ?? next.appid) : null
}

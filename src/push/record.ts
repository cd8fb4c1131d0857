import { z } from 'zod'
import type { PushRow } from '../db/pushes.ts'

const text = z.string().nullable()

/** What `show`, `history`, `wait` and the HTTP API tell about a push; times are ISO 8601, what is not known is null. */
export const pushRecordSchema = z.object({
  id: z.string(),
  account: z.string(),
  unionid: text,
  openid: text,
  templateId: z.string(),
  status: z.string(),
  reason: text,
  detail: text,
  /** 19 digits as text. */
  msgid: text,
  errcode: z.number().nullable(),
  errmsg: text,
  rid: text,
  /** Calls that may have reached WeChat and were not refused for pace, quota, token or account. */
  attempts: z.number(),
  createdAt: z.string(),
  sentAt: text,
  finishedAt: text,
})

export type PushRecord = z.infer<typeof pushRecordSchema>

export function toPushRecord(row: PushRow): PushRecord {
  return {
    id: row.id,
    account: row.appid,
    unionid: row.unionid,
    openid: row.openid,
    templateId: row.templateId,
    status: row.status,
    reason: row.reason,
    detail: row.detail,
    msgid: row.msgid,
    errcode: row.errcode,
    errmsg: row.errmsg,
    rid: row.rid,
    attempts: row.attempts,
    createdAt: new Date(row.createdAt).toISOString(),
    sentAt: toIso(row.sentAt),
    finishedAt: toIso(row.finishedAt),
  }
}

function toIso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}

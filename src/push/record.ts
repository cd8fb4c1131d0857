import type { PushReason, PushStatus } from './status.ts'

/** What `show`, `history`, `wait` and the HTTP API tell about a push; times are ISO 8601, what is not known is null. */
export interface PushRecord {
  id: string
  account: string
  unionid: string | null
  openid: string | null
  templateId: string
  status: PushStatus
  reason: PushReason | null
  detail: string | null
  /** 19 digits as text. */
  msgid: string | null
  errcode: number | null
  errmsg: string | null
  rid: string | null
  /** Calls that may have reached WeChat and were not refused for pace, quota, token or account. */
  attempts: number
  createdAt: string
  sentAt: string | null
  finishedAt: string | null
}

import type { PushRow } from '../db/pushes.ts'

type Told =
  | 'id'
  | 'unionid'
  | 'openid'
  | 'templateId'
  | 'status'
  | 'reason'
  | 'detail'
  | 'msgid'
  | 'errcode'
  | 'errmsg'
  | 'rid'
  | 'attempts'
  | 'seq'

/** What `show`, `history`, `wait` and the HTTP API tell about a push; times are ISO 8601, what is not known is null. */
export interface PushRecord extends Pick<PushRow, Told> {
  /** Its name where ACCOUNTS_FILE gives one, else its AppID. */
  account: string
  appid: string
  /** The account that it was handed over to, as it is called. */
  next: string | null
  /** Id of the broadcast whose recipient it is; null for a push by itself. */
  broadcast: string | null
  createdAt: string
  sentAt: string | null
  finishedAt: string | null
}

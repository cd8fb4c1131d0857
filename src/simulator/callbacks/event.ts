export const callbackEventNames = [
  'subscribe',
  'unsubscribe',
  'TEMPLATESENDJOBFINISH',
  'user_info_modified',
  'user_authorization_revoke',
  'user_authorization_cancellation',
] as const
export type CallbackEventName = (typeof callbackEventNames)[number]

export interface SimulatedEvent {
  event: CallbackEventName
  openid: string
  /** Of a follow: `qrscene_...`, which comes with a Ticket, or `last_trade_no_...`. */
  eventKey?: string | undefined
  /** Of a receipt. Default "0": WeChat does not say which message it means. */
  msgid?: string | undefined
  /** Of a receipt; default success. */
  status?: string | undefined
  /** Of the last three: the app whose user it is; default the account. */
  appid?: string | undefined
  /** Of the last three: which data, as a number. */
  revokeInfo?: string | undefined
}

/** An event and what became of it; it is `dropped` after three tries in vain, in a pause, or with no callback set. */
export interface RaisedEvent extends SimulatedEvent {
  /** CreateTime in epoch milliseconds. */
  at: number
  posts: number
  outcome: 'pending' | 'acknowledged' | 'dropped'
}

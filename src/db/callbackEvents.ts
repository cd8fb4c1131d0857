import type { Write } from './database.ts'

/** Times are epoch milliseconds. */
export interface CallbackEventRow {
  id: number
  appid: string
  kind:
    | 'subscribe'
    | 'unsubscribe'
    | 'receipt'
    | 'user_info_modified'
    | 'user_authorization_revoke'
    | 'user_authorization_cancellation'
  openid: string
  /** WeChat's CreateTime: whole seconds. */
  at: number
  /** Of a receipt; `0` when WeChat named none. Empty for other events, as the next two. */
  msgid: string
  /** Of a receipt, as WeChat wrote it. */
  status: string
  /** The app whose authorisation changed: the account or a mini-program. */
  app: string
  receivedAt: number
  /** When to work on it; null = done, kept only to recognise WeChat's repeats. */
  dueAt: number | null
  /** 0 until its first effect is written; then one more for every call to WeChat it took. */
  tries: number
}

/** What an event says; fields it does not have are empty. WeChat's repeats of it agree in all but `app`. */
export type EventFacts = Pick<CallbackEventRow, 'kind' | 'openid' | 'at' | 'msgid' | 'status' | 'app'>

export type StoredEvent = EventFacts & Pick<CallbackEventRow, 'id' | 'receivedAt' | 'tries'>

/** `dueAt` null = all is done. */
export type EventProgress = Pick<CallbackEventRow, 'id' | 'tries' | 'dueAt'>

/** The events that WeChat told one account of. */
export interface CallbackEvents {
  /** Resolves, once the event is safe on disk, with false if it is a repeat. */
  record(facts: EventFacts, now: number): Promise<boolean>
  /** Events that have had no effect yet, in the order in which they came. */
  findNew(now: number, limit: number): Promise<StoredEvent[]>
  /** Events that have had their effect, but leave something to ask WeChat. */
  findApplied(now: number, limit: number): Promise<StoredEvent[]>
  /** For the transaction that writes the effect of the events. */
  toUpdate(progress: readonly EventProgress[]): Write
  /** Makes due what was put off to a time that no event is put off to: a clock was wrong. */
  hurry(now: number): Promise<void>
  /** Deletes what is done and was received before that time; returns how many events. */
  purge(before: number): Promise<number>
}

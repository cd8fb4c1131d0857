import type { AddedRule, Recurrence } from '../control/script.ts'

export const callbackModes = ['plain', 'compatible', 'safe'] as const
export type CallbackMode = (typeof callbackModes)[number]

/** The server settings of the account's console, and how WeChat delivers. Times are milliseconds. */
export interface CallbackOptions {
  /** http or https. */
  url: string
  token: string
  /** 43 letters and digits. */
  encodingAesKey?: string | undefined
  /** Default: safe with an encodingAesKey, plain without. */
  mode?: CallbackMode | undefined
  /** From the acceptance of a message to its receipt; default 200. */
  receiptDelayMs?: number | undefined
  /** How long a whole answer may take; default 5,000, WeChat's rule. */
  timeoutMs?: number | undefined
  /** Between two of the three tries; how long WeChat waits is not published. Default 1,000. */
  retryDelayMs?: number | undefined
  /** So many events in a row that no try delivered bring the pause; WeChat's number is not published. Default 5. */
  pauseAfter?: number | undefined
  /** WeChat's "MarkFail": for so long, on the simulator's clock, events are lost. Default 60,000; 0 switches it off. */
  pauseMs?: number | undefined
  /** Posts under way at once; default 100. */
  concurrency?: number | undefined
}

/** How the URL check went. The console would refuse a URL that fails it; here it stays set and gets events all the same. */
export type CallbackCheck = { ok: true } | { ok: false; problem: string }

export interface CallbackState {
  url: string
  mode: CallbackMode
  /** Undefined while it is under way. */
  check: CallbackCheck | undefined
  isPaused: boolean
}

export const callbackEventNames = [
  'subscribe',
  'unsubscribe',
  'TEMPLATESENDJOBFINISH',
  'user_info_modified',
  'user_authorization_revoke',
  'user_authorization_cancellation',
] as const
export type CallbackEventName = (typeof callbackEventNames)[number]

export interface CallbackEvent {
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
export interface RaisedEvent extends CallbackEvent {
  /** CreateTime in epoch milliseconds. */
  at: number
  posts: number
  outcome: 'pending' | 'acknowledged' | 'dropped'
}

/** What happens to an event out of the ordinary; its cases are events. */
export interface CallbackRule extends Recurrence {
  /** Default: every event; with `status`, `withoutMsgid` or `beforeAnswer` every receipt. */
  event?: CallbackEventName
  /** Only events about this person, only receipts of messages by this template. */
  match?: { openid?: string; templateId?: string }
  /** What the receipt says: `failed:user block`, `failed: system failed`, `failed:freq limit` or any other text. */
  status?: string
  /** The receipt carries MsgID 0. */
  withoutMsgid?: boolean
  /** The receipt is there before the send call is answered. */
  beforeAnswer?: boolean
  /** The event never comes. */
  never?: boolean
  /** It comes so much later than it should; CreateTime stays what it was. */
  delayMs?: number
  /** The same body is posted so many times more, at the same time. */
  copies?: number
  /** Kept back until so many other events have been acknowledged, for a second at the most. */
  overtakenBy?: number
}

/** acknowledged + dropped = raised + copies once nothing is pending. */
export interface CallbackCounts {
  raised: number
  /** Posted besides by a rule. */
  copies: number
  /** HTTP requests. */
  posts: number
  /** Of them, those that repeat a failed one. */
  retries: number
  acknowledged: number
  dropped: number
}

export interface CallbackStats {
  /** By name of the event. */
  events: Partial<Record<CallbackEventName, CallbackCounts>>
  /** From the start of a post to its end, over the newest 10,000 acknowledged ones; null before the first. */
  latencyMs: { p50: number | null; p99: number | null; max: number | null }
  /** Events raised whose end is open. */
  pending: number
  pauses: number
  /** What was wrong with the latest post that failed. */
  lastProblem: string | null
}

/** The part of SimulatorControls that deals with callbacks. */
export interface CallbackControls {
  /** The account's name in its callbacks, `gh_...`. */
  readonly originalId: string

  /** Switches callbacks on or replaces the settings at once, then checks the URL by GET; rejects with a TypeError for settings that cannot be. */
  setCallback(options: CallbackOptions): Promise<CallbackCheck>
  /** Switches callbacks off; events not posted yet are dropped. */
  removeCallback(): void
  callback(): CallbackState | undefined
  addCallbackRule(rule: CallbackRule): AddedRule
  /** Those not used up yet. */
  callbackRules(): (CallbackRule & { hits: number })[]
  clearCallbackRules(): void
  /** This person has switched off the account's messages: receipts say `failed:user block`. */
  setBlocking(openid: string, blocking: boolean): void
  /** Posts an event nobody caused: about anybody, with any msgid. Without a callback it is lost. */
  raiseEvent(event: CallbackEvent): void
  /** Oldest first; empty without `keepAccepted`. */
  events(): Iterable<RaisedEvent>
  /** Resolves when no event is pending. */
  callbacksSettled(): Promise<void>
}

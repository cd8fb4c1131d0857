import type { CallbackControls, CallbackOptions, CallbackStats } from './callbacks/types.ts'
import type { AddedRule, Recurrence } from './control/script.ts'

/** Credentials of one of the two apps the simulator knows. */
export interface SimulatedApp {
  appid: string
  secret: string
}

/** A template of the account; `content` is written as WeChat does: one `label:{{thing1.DATA}}` per line. */
export interface SimulatedTemplate {
  /** 43 characters. */
  templateId: string
  title: string
  content: string
  example: string
  primaryIndustry: string
  deputyIndustry: string
  /** Values allowed for `const`, `enum` and `enum_string` keys; a key without a list takes any value. */
  values: Record<string, readonly string[]>
}

/** Daily limits; a call over its limit is answered with 45009 until 00:00 Asia/Shanghai. */
export interface SimulatedQuotas {
  templateSend: number
  userGet: number
  userInfo: number
  batchget: number
  /** The plain token endpoint, `/cgi-bin/token`. */
  token: number
  stableToken: number
}

/** A limit nobody published: calls of template/send above it are answered with `errcode`. */
export interface HiddenRate {
  perSecond?: number | undefined
  perMinute?: number | undefined
  /** Default 45011. */
  errcode?: 45011 | -1 | undefined
}

/** Every field has a default. Times are milliseconds unless the name says otherwise. */
export interface SimulatorOptions {
  /** 0 (default) takes any free port. */
  port?: number
  /** Default 127.0.0.1. */
  host?: string
  appid?: string
  secret?: string
  miniprogram?: SimulatedApp
  /** Everything generated (apps, people, templates, chances of faults) follows from it; tokens and msgids also from the clock. */
  seed?: number
  /** People who follow the account at the start. */
  followers?: number
  /** Share (0 to 1) of the followers whose user info carries no unionid. */
  withoutUnionid?: number
  /** Also show the unionid of people who do not follow: sources disagree whether WeChat does. */
  unionidAfterLeaving?: boolean
  /** Openids per page of user/get; WeChat's is 10,000. */
  pageSize?: number
  /** What the last page with openids says in `next_openid`: its last openid (default) or nothing. */
  lastPageCursor?: 'last' | 'empty'
  templates?: readonly Partial<SimulatedTemplate>[]
  /** Mini-programs a message may open besides the account's own. */
  linkedMiniprograms?: readonly string[]
  /** Pages of the linked mini-programs; without it every well-formed page exists. */
  pages?: readonly string[]
  /** Every answer is that late. */
  latencyMs?: number
  /** Default 7200. */
  tokenLifeSeconds?: number
  /** How long before its end a stable token is renewed, and how long a replaced token still works. Default 300. */
  tokenOverlapSeconds?: number
  /** How long a repeated client_msg_id is not sent again; 0 switches the rule off. Default 600,000. */
  dedupeWindowMs?: number
  /** What a repeated client_msg_id gets: `ok` with the first msgid (default) or this errcode. WeChat documents neither. */
  dedupeAnswer?: 'ok' | number
  quotas?: Partial<SimulatedQuotas>
  /** Hidden limit of template/send. */
  rate?: HiddenRate
  /** Where follows and receipts are told to; default: nowhere. The URL is checked before the simulator is ready. */
  callback?: CallbackOptions
  /** Addresses that may fetch a token; others get 40164. Default: everybody. */
  ipWhitelist?: readonly string[]
  /** Remember every accepted message and every callback whole (default); without it memory stays bounded over millions. */
  keepAccepted?: boolean
  /** Sees each message once, when it is accepted. */
  onAccepted?: (message: AcceptedMessage) => void
  /** The simulator's clock, epoch milliseconds. */
  now?: () => number
}

/** A person; `unionid` is what user/info shows of it. An openid of your own making has no mini-program side. */
export interface SimulatedUser {
  openid: string
  unionid: string | undefined
  miniprogramOpenid: string | undefined
}

export interface AcceptedMessage {
  /** 19 digits. */
  msgid: string
  openid: string
  clientMsgId: string | undefined
  templateId: string
  /** The value of each key as it came. */
  data: Record<string, string>
  url: string | undefined
  miniprogram: { appid: string; pagepath: string | undefined } | undefined
  /** Epoch milliseconds of the simulator's clock. */
  at: number
  /** The access_token it was sent with. */
  token: string
}

/**
 * What goes wrong with a call. The names say it; beyond them:
 * `{errcode}` has WeChat's usual text unless `errmsg` is given (a rid is added to both); 40252 of template/send holds the
 * message for review, so that it is accepted all the same and its receipt carries a msgid nobody was told;
 * `reset_before` drops the connection and the request is not handled, `reset_after` handles it, then drops the connection,
 * `reset_midway` does so in the middle of the answer;
 * `truncated` is half of the real answer as if it were whole, `drip` writes it byte by byte every `everyMs`;
 * `errcode_text` gives errcode as a string; `reversed` turns the list of a batchget round;
 * `{delayMs}` handles at once and answers late.
 */
export type FaultAction =
  | { errcode: number; errmsg?: string }
  | { status: number; body?: string }
  | { delayMs: number }
  | NamedFaultAction

export const namedFaultActions = [
  'html',
  'truncated',
  'garbage',
  'empty',
  'reset_before',
  'reset_after',
  'reset_midway',
  'hang',
  'drip',
  'endless',
  'errcode_text',
  'reversed',
] as const
export type NamedFaultAction = (typeof namedFaultActions)[number]

/** One scripted fault; its cases are calls. */
export interface Fault extends Recurrence {
  /** A path, or with a slash at the end all paths that begin so; default: every path but the control ones. */
  path?: string
  action: FaultAction
  /** Only calls that carry this openid (anywhere in the query or the body) or this template id. */
  match?: { openid?: string; templateId?: string }
  /**
   * Whether the call takes effect although its answer is spoilt: with `{errcode}`, `status`, `html`, `garbage`, `empty`, `hang`
   * and `endless`, default no (40252: yes). The other actions decide it themselves.
   */
  accepted?: boolean
  /** Pace of `drip`; default 100. */
  everyMs?: number
}

export interface SimulatorStats {
  /** Requests by path, control calls left out. */
  calls: Record<string, number>
  /** Answers by path and errcode; success counts under "0". */
  errcodes: Record<string, Record<string, number>>
  accepted: number
  /** Sends answered from the client_msg_id rule. */
  duplicates: number
  /** The most often one (openid, client_msg_id) has arrived. */
  maxSendsPerClientMsgId: number
  /** Successful fetches over both token endpoints, and how many different tokens they gave. */
  tokens: { fetches: number; issued: number }
  batchgetOpenids: number
  /** How often each next_openid was asked; "" is the start. */
  cursors: Record<string, number>
  connections: { open: number; total: number }
  inFlight: { now: number; peak: number }
  faultHits: number
  callbacks: CallbackStats
}

/** A login or phone code; `unionid: false` keeps the unionid out of the session, `highRisk` makes the login fail with 40226. */
export interface CodeOptions {
  kind?: 'login' | 'phone' | undefined
  unionid?: boolean | undefined
  highRisk?: boolean | undefined
}

export interface Payment {
  transactionId: string
  mchId: string
  outTradeNo: string
}

export interface FollowOptions {
  unionid?: string | undefined
  /** Of the subscribe event: `qrscene_...` or `last_trade_no_...`; default: empty. */
  eventKey?: string | undefined
}

/** What a script can see and do while the simulator runs; appid and secret are the account's. */
export interface SimulatorControls extends SimulatedApp, CallbackControls {
  readonly miniprogram: SimulatedApp
  /** The templates a message can be sent with. */
  readonly templates: readonly SimulatedTemplate[]

  /** The n-th person; the first `followers` of them follow at the start, the others are known but do not. */
  userAt(n: number): SimulatedUser
  /** Without an openid the next person who never followed. An openid of your own making is taken as it is. */
  follow(openid?: string, options?: FollowOptions): SimulatedUser
  unfollow(openid: string): void
  /** What user/info shows of this follower from now on. */
  setUnionid(openid: string, unionid: string | undefined): void
  setBlacklisted(openid: string, blacklisted: boolean): void

  /** Kills every living token of the account at once, as a forced refresh by somebody else would. */
  killToken(appid?: string): void
  setRate(rate: HiddenRate): void
  /** Puts the simulator's clock forward: tokens age, windows close, quotas reset. */
  advance(ms: number): void

  mintCode(user: number, options?: CodeOptions): string
  mintPayment(user: number): Payment
  /** The key WeChat would encrypt this person's data with now; undefined without a login that still counts. */
  sessionKeyOf(user: number): string | undefined

  addFault(fault: Fault): AddedRule
  /** Those not used up yet. */
  faults(): (Fault & { hits: number })[]
  clearFaults(): void
  stats(): SimulatorStats
  /** Oldest first; empty without `keepAccepted`. */
  accepted(): Iterable<AcceptedMessage>
}

export interface Simulator extends SimulatorControls {
  readonly port: number
  /** For WECHAT_API_BASE, without a slash at the end. */
  readonly base: string
  /** Drops open connections too. */
  close(): Promise<void>
}

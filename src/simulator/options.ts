import type { CallbackOptions } from './callbacks/options.ts'
import type { AcceptedMessage } from './platform/messages/acceptedMessage.ts'

/** Any of the fields. */
export type Loose<T> = { [K in keyof T]?: T[K] | undefined }

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
  /** `/wxa/sec/queryblocktmplmsg`; nobody tells WeChat's. */
  intercepted: number
}

/** A limit nobody published: calls of template/send above it are answered with `errcode`. */
export interface HiddenRate {
  perSecond?: number | undefined
  perMinute?: number | undefined
  /** Default 45011. */
  errcode?: 45011 | -1 | undefined
}

/** What `createSimulator` takes: every field has a default. Times are milliseconds unless the name says otherwise. */
export interface SimulatorOptions {
  /** 0 (default) takes any free port. */
  port?: number | undefined
  /** Default 127.0.0.1. */
  host?: string | undefined
  appid?: string | undefined
  secret?: string | undefined
  miniprogram?: SimulatedApp | undefined
  /**
   * Service accounts of one Open Platform account (default 1), with the same people, by the same unionids: each with its own
   * openids, followers, templates, tokens, quotas and faults. All but the first have made-up names; see `Simulator.accounts`.
   */
  accounts?: number | undefined
  /** Everything generated (apps, people, templates, chances of faults) follows from it; tokens and msgids also from the clock. */
  seed?: number | undefined
  /** People who follow the account at the start. */
  followers?: number | undefined
  /** Share (0 to 1) of the followers whose user info carries no unionid. */
  withoutUnionid?: number | undefined
  /** How long after a follow user info shows no unionid, on the simulator's clock; WeChat's can be a minute or more. */
  unionidDelayMs?: number | undefined
  /** Also show the unionid of people who do not follow: sources disagree whether WeChat does. */
  unionidAfterLeaving?: boolean | undefined
  /** Openids per page of user/get; WeChat's is 10,000. */
  pageSize?: number | undefined
  /** What the last page with openids says in `next_openid`: its last openid (default) or nothing. */
  lastPageCursor?: 'last' | 'empty' | undefined
  templates?: readonly Loose<SimulatedTemplate>[] | undefined
  /** Mini-programs a message may open besides the account's own. */
  linkedMiniprograms?: readonly string[] | undefined
  /** Pages of the linked mini-programs; without it every well-formed page exists. */
  pages?: readonly string[] | undefined
  /** Every answer is that late. */
  latencyMs?: number | undefined
  /** Default 7200. */
  tokenLifeSeconds?: number | undefined
  /** How long before its end a stable token is renewed, and how long a replaced token still works. Default 300. */
  tokenOverlapSeconds?: number | undefined
  /** How long a repeated client_msg_id is not sent again; 0 switches the rule off. Default 600,000. */
  dedupeWindowMs?: number | undefined
  /** What a repeated client_msg_id gets: `ok` with the first msgid (default) or this errcode. WeChat documents neither. */
  dedupeAnswer?: 'ok' | number | undefined
  quotas?: Loose<SimulatedQuotas> | undefined
  /** Hidden limit of template/send. */
  rate?: HiddenRate | undefined
  /** Where follows and receipts are told to; default: nowhere. The URL is checked before the simulator is ready. */
  callback?: CallbackOptions | undefined
  /**
   * IPv4, IPv6 and CIDR. Another address gets 40164 when it fetches a token, and with one of the account in its calls too.
   * Default: everybody.
   */
  ipWhitelist?: readonly string[] | undefined
  /** Remember every accepted message and every callback whole (default); without it memory stays bounded over millions. */
  keepAccepted?: boolean | undefined
  /** Sees each message once, when it is accepted. */
  onAccepted?: ((message: AcceptedMessage) => void) | undefined
  /** The simulator's clock, epoch milliseconds. */
  now?: (() => number) | undefined
}

/** A message that the review keeps from its user. */
export interface SimulatedInterception {
  templateId: string
  /** Of the message as the user would have seen it; default: that of the template. */
  content?: string | undefined
}

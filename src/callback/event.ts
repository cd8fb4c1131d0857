import { XMLParser } from 'fast-xml-parser'
import { second } from '../base/duration.ts'
import type { EventFacts } from '../db/callbackEvents.ts'
import type { PushReason } from '../push/status.ts'

/** The text fields of a message by tag name; a Map, so that a tag named `__proto__` is only a name. */
export type MessageFields = ReadonlyMap<string, string>

export type ReceiptOutcome = 'success' | PushReason<'undelivered'>

interface UserEvent {
  openid: string
  /** WeChat's CreateTime, whole seconds, in epoch milliseconds. */
  at: number
}

interface FollowEvent extends UserEvent {
  kind: 'subscribe' | 'unsubscribe'
}

interface ReceiptEvent extends UserEvent {
  kind: 'receipt'
  /** 19 digits and more than 2^53: text, always. `0` when WeChat does not say which message it means. */
  msgid: string
  /** As WeChat wrote it; `toReceiptOutcome` reads it. */
  status: string
}

/** A user changed the profile, withdrew an authorisation, or closed the WeChat account. */
interface ProfileEvent extends UserEvent {
  kind: 'user_info_modified' | 'user_authorization_revoke' | 'user_authorization_cancellation'
  /** The app whose user it is: the account itself or a mini-program; empty = the account. */
  app: string
}

export type CallbackEvent = FollowEvent | ReceiptEvent | ProfileEvent

const foreignMarkup = /&|<[!?]|<[^<>]*=/
/** WeChat's largest messages have some dozens; the parser takes 10 us for each. */
const maxElements = 500
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  processEntities: false,
  maxNestedTags: 10,
})

/**
 * Reads the flat fields of an `<xml>` message; nested elements are left out, of a repeated tag the first counts.
 * Undefined for anything that is not well-formed, has hundreds of elements or holds a declaration, an entity or an
 * attribute: WeChat sends none.
 * Inside CDATA all of them are the words of a user, whose message must not make this server look broken to WeChat.
 */
export function parseXml(text: string): MessageFields | undefined {
  const markup = toMarkup(text)
  if (foreignMarkup.test(markup) || countTags(markup) > 2 * maxElements) return undefined
  const root = parse(text)
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return undefined
  const fields = new Map<string, string>()
  for (const [name, value] of Object.entries(root)) {
    const first: unknown = Array.isArray(value) ? value[0] : value
    if (typeof first === 'string') fields.set(name, first.trim())
  }
  return fields
}

/** The text without its XML declaration and its CDATA sections; an unclosed one reaches to the end and never parses. */
function toMarkup(text: string): string {
  return text.replace(/^\ufeff?\s*<\?xml\s[^<>]*\?>/, '').replace(/<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g, '')
}

function countTags(markup: string): number {
  let count = 0
  for (let at = markup.indexOf('<'); at !== -1; at = markup.indexOf('<', at + 1)) count += 1
  return count
}

function parse(text: string): unknown {
  try {
    return parser.parse(text, true).xml
  } catch {
    return undefined
  }
}

/**
 * The event a message tells of; `ignored` for those that change nothing here, such as a user's words or a menu click;
 * undefined when the fields that make an event are missing.
 */
export function toEvent(fields: MessageFields): CallbackEvent | 'ignored' | undefined {
  const type = fields.get('MsgType')
  const at = toTime(fields.get('CreateTime'))
  const sender = toOpenid(fields.get('FromUserName'))
  if (!type || at === undefined || !sender) return undefined
  const kind = type === 'event' ? fields.get('Event')?.toLowerCase() : undefined
  switch (kind) {
    case 'subscribe':
    case 'unsubscribe':
      return { kind, openid: sender, at }
    case 'templatesendjobfinish':
      return toReceipt(fields, sender, at)
    case 'user_info_modified':
    case 'user_authorization_revoke':
    case 'user_authorization_cancellation': {
      // Here the sender is the platform and the user is named apart.
      const openid = toOpenid(fields.get('OpenID') ?? fields.get('openid'))
      return openid ? { kind, openid, at, app: fields.get('AppID') ?? fields.get('appid') ?? '' } : undefined
    }
    default:
      return 'ignored'
  }
}

/** The event as the database keeps it. */
export function toFacts(event: CallbackEvent): EventFacts {
  const { kind, openid, at } = event
  const { msgid, status } = event.kind === 'receipt' ? event : { msgid: '', status: '' }
  return { kind, openid, at, msgid, status, app: 'app' in event ? event.app : '' }
}

/** The documents write `failed:user block` and `failed: system failed`; neither spaces nor capitals can be relied on. */
export function toReceiptOutcome(status: string): ReceiptOutcome {
  const text = status.toLowerCase().replace(/\s/g, '')
  if (text === 'success') return 'success'
  if (text === 'failed:userblock') return 'user_block'
  if (text === 'failed:systemfailed') return 'system_failed'
  return text.startsWith('failed:freq') ? 'freq_limit' : 'other'
}

function toReceipt(fields: MessageFields, openid: string, at: number): ReceiptEvent | undefined {
  const msgid = fields.get('MsgID') || '0'
  const status = fields.get('Status') ?? ''
  if (!/^\d{1,32}$/.test(msgid) || status.length > 200) return undefined
  return { kind: 'receipt', openid, at, msgid, status }
}

function toTime(seconds: string | undefined): number | undefined {
  return seconds && /^\d{1,11}$/.test(seconds) ? Number(seconds) * second : undefined
}

function toOpenid(text: string | undefined): string | undefined {
  return text && text.length <= 128 ? text : undefined
}

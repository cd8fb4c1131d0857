/** What WeChat knows of a user; everything but the first two is absent for those who do not follow. */
export interface FollowerInfo {
  openid: string
  subscribed: boolean
  /** Only if the service account is bound to an Open Platform account. */
  unionid?: string
  /** Epoch milliseconds of the last time the user followed. */
  subscribeTime?: number
  scene?: string
  tagIds?: number[]
  remark?: string
}

export interface FollowerPage {
  total: number
  openids: string[]
  /** Undefined when WeChat gives none; an empty page or a cursor that came before ends the list as well. */
  nextOpenid: string | undefined
  /** Entries that name nobody, left out of `openids`. */
  oddRows: number
}

export interface FollowerInfos {
  infos: FollowerInfo[]
  /** Rows without an openid or without `subscribe`, left out of `infos`. */
  oddRows: number
}

export interface TemplateMessage {
  openid: string
  templateId: string
  data: Record<string, string>
  url?: string | undefined
  /** Wins over `url` where both are given. */
  miniprogram?: { appid: string; pagepath?: string | undefined } | undefined
  /** At most 32 ASCII characters; WeChat sends one message per openid and id within 10 minutes. */
  clientMsgId: string
}

export interface Template {
  templateId: string
  title: string
  content: string
  example: string
  primaryIndustry: string
  deputyIndustry: string
  fields: TemplateField[]
}

export interface TemplateField {
  /** The key of the value in `data`. */
  key: string
  type: KeywordType
}

/** `free` are the keywords of old templates: any name, no rule. */
export type KeywordType = TypedKeyword | 'free'
type TypedKeyword = (typeof typedKeywords)[number]

export const typedKeywords = [
  'thing',
  'short_thing',
  'character_string',
  'number',
  'letter',
  'symbol',
  'phrase',
  'name',
  'time',
  'date',
  'amount',
  'phone_number',
  'car_number',
  'const',
  'enum',
  'enum_string',
] as const

export interface Quota {
  dailyLimit: number
  used: number
  remain: number
  /** Calls allowed per period, if WeChat tells. */
  rateLimit?: { callCount: number; refreshSeconds: number }
}

/** A message of a template that WeChat took, and that its review then kept from the user. */
export interface InterceptedMessage {
  /** WeChat's number of the record, which grows. */
  id: number
  /** WeChat's name of the message; nobody knows whether it is the msgid. */
  messageId: string
  openid: string
  title: string
  content: string
  /** Epoch milliseconds, whole seconds. */
  sentAt: number
}

/** The host of the callback URL, as seen from WeChat. */
export interface CallbackReach {
  /** What its name resolves to. */
  addresses: string[]
  /** Lost pings of each address and network, in percent. */
  lossPercents: number[]
}

export interface PhoneNumber {
  /** With the country code when it is not a Chinese number. */
  phoneNumber: string
  purePhoneNumber: string
  countryCode: string
}

/** A payment by its number at WeChat, or by merchant and the merchant's own order number. */
export type Payment = { transactionId: string } | { mchId: string; outTradeNo: string }

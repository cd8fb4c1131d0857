import type { ErrcodeReason } from '../push/status.ts'
import {
  miniProgramErrcodes,
  onePushErrcodes,
  sendErrcodes,
  tokenEndpointErrcodes,
} from './errcodes/exceptions.ts'
import { errcode } from './errcodes/named.ts'
import type { ErrcodeClass, ErrcodeRow } from './errcodes/row.ts'
import { errcodes } from './errcodes/table.ts'

export { type ErrcodeClass, errcode }

const sendPath = '/cgi-bin/message/template/send'
const ipCodes: readonly number[] = [errcode.ipNotInWhitelist, errcode.ipNotRegistered]
const onePushReasons: readonly ErrcodeReason[] = ['account_restricted', 'api_unauthorized']

/** What WeChat said no with. */
export interface WechatRefusal {
  errcode: number
  errmsg: string
  /** Endpoint without its query. */
  path: string
  /** The platform keeps refusing every access_token it hands out. */
  tokenFruitless?: boolean
  /** Of the message that was sent before, where WeChat refuses to send it twice; 19 digits as text. */
  msgid?: string | undefined
}

type FullRefusal = WechatRefusal & { rid: string | undefined }

/**
 * Class of a code at an endpoint: on the token endpoints a refused credential is the AppSecret, not the token.
 * Codes nobody documents count as "this message cannot be sent"; negative ones are faults of the platform.
 */
export function classOf(code: number, path: string): ErrcodeClass {
  return findRow(code, path)?.class ?? (code < 0 ? 'B' : 'C')
}

/** Machine-readable cause for push records and pauses, `wechat_error` for codes nobody documents. */
export function reasonOf({
  errcode: code,
  path,
  tokenFruitless,
}: Pick<WechatRefusal, 'errcode' | 'path' | 'tokenFruitless'>): ErrcodeReason {
  if (tokenFruitless) return 'token_invalid'
  return findRow(code, path)?.reason ?? 'wechat_error'
}

/** Whose call it was: the mini-program has settings of its own. */
type Caller = 'account' | 'miniprogram'

/** A sentence a person can act on; console pages are named in Chinese, as the console shows them. */
export function explain(
  { errcode: code, errmsg, path, tokenFruitless }: WechatRefusal,
  caller: Caller = 'account',
): string {
  if (tokenFruitless) {
    return 'WeChat refuses every access_token it hands out: another program may be refreshing it by force, or WECHAT_APPID and WECHAT_SECRET are not of the account that is called'
  }
  const own = caller === 'miniprogram' ? miniProgramErrcodes.get(code) : undefined
  const row = own ?? findRow(code, path)
  if (row === undefined) return `WeChat refused with errcode ${code}: ${errmsg}`
  const meaning = toSpecificMeaning(code, errmsg) ?? row.meaning
  return toSentence(meaning, row.advice)
}

/** Whether a code speaks of the template, so that every message with it is refused. */
export function concernsTemplate(code: number): boolean {
  return code === errcode.templateRestricted || errcodes.get(code)?.reason === 'template_invalid'
}

/** Whether a refusal of the account may be about the one push it was given for. IPs and quotas never are. */
export function mayConcernOnePush({ errcode: code, path }: Pick<WechatRefusal, 'errcode' | 'path'>): boolean {
  const row = findRow(code, path)
  if (row?.class !== 'A' || isTokenEndpoint(path)) return false
  return onePushErrcodes.has(code) || onePushReasons.includes(row.reason)
}

/** What such a refusal means for a push when others are accepted; undefined when nobody knows. */
export function findOnePushMeaning(refusal: FullRefusal, opensMiniprogram: boolean) {
  const row = onePushErrcodes.get(refusal.errcode)
  if (!row || (row.reason === 'miniprogram_invalid' && !opensMiniprogram)) return undefined
  return { reason: row.reason, detail: addNumbers(toSentence(row.meaning, row.advice), refusal) }
}

/** The same with the numbers that people search for and that WeChat's support asks for. */
export function explainInFull(refusal: FullRefusal, caller?: Caller): string {
  return addNumbers(explain(refusal, caller), refusal)
}

function addNumbers(sentence: string, { errcode: code, rid }: FullRefusal): string {
  const numbers = [
    !sentence.includes(`errcode ${code}`) && `errcode ${code}`,
    rid !== undefined && !sentence.includes(rid) && `rid ${rid}`,
  ].filter(Boolean)
  return numbers.length === 0 ? sentence : `${sentence} (${numbers.join(', ')})`
}

export function isTokenEndpoint(path: string): boolean {
  return path === '/cgi-bin/stable_token' || path === '/cgi-bin/token'
}

function findRow(code: number, path: string): ErrcodeRow | undefined {
  const exceptions = isTokenEndpoint(path)
    ? tokenEndpointErrcodes
    : path === sendPath
      ? sendErrcodes
      : undefined
  return exceptions?.get(code) ?? errcodes.get(code)
}

function toSentence(meaning: string, advice: string | undefined): string {
  return advice === undefined ? meaning : `${meaning}: ${advice}`
}

/** Some texts name the culprit; the rest of the wording is not stable enough to be read by a program. */
function toSpecificMeaning(code: number, errmsg: string): string | undefined {
  if (ipCodes.includes(code)) {
    const ip = /ip:? ?([\da-f]*[.:][\da-f.:]+)/i.exec(errmsg)?.[1]
    return ip && `IP ${ip} is not in the whitelist`
  }
  if (code === errcode.invalidData) {
    const field = /data\.(\w+)\.value/.exec(errmsg)?.[1]
    // WeChat also spells it "emtpy".
    return (
      field &&
      `data.${field} is ${/\bem(pt|tp)y\b/.test(errmsg) ? 'empty' : 'not valid for its keyword type'}`
    )
  }
  return undefined
}

import { type Sentence, say } from '../base/sentences/sentence.ts'
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
export function explain(refusal: WechatRefusal, caller: Caller = 'account'): Sentence {
  const { errcode: code, errmsg, path, tokenFruitless } = refusal
  if (tokenFruitless) return say('wechat.tokenFruitless')
  const own = caller === 'miniprogram' ? miniProgramErrcodes.get(code) : undefined
  const row = own ?? findRow(code, path)
  if (row === undefined) return say('wechat.undocumented', { errcode: String(code), errmsg })
  return toSpecificMeaning(code, errmsg, caller) ?? toMeaning(row)
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
  return { reason: row.reason, detail: addNumbers(toMeaning(row), refusal) }
}

/** The same with the numbers that people search for and that WeChat's support asks for. */
export function explainInFull(refusal: FullRefusal, caller?: Caller): Sentence {
  return addNumbers(explain(refusal, caller), refusal)
}

function addNumbers(meaning: Sentence, { errcode: code, errmsg, rid }: FullRefusal): Sentence {
  // Of a code that nobody documents the sentence has both, as far as WeChat told them.
  const isQuoted = meaning.key === 'wechat.undocumented'
  const numbers = [
    !isQuoted && `errcode ${code}`,
    rid !== undefined && !(isQuoted && errmsg.includes(rid)) && `rid ${rid}`,
  ].filter(Boolean)
  return numbers.length === 0 ? meaning : say('wechat.numbered', { meaning, numbers: numbers.join(', ') })
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

function toMeaning({ meaning }: ErrcodeRow): Sentence {
  return { key: meaning, facts: {} }
}

/** Some texts name the culprit; the rest of the wording is not stable enough to be read by a program. */
function toSpecificMeaning(code: number, errmsg: string, caller: Caller): Sentence | undefined {
  if (ipCodes.includes(code)) {
    const ip = /ip:? ?([\da-f]*[.:][\da-f.:]+)/i.exec(errmsg)?.[1]
    const key = caller === 'miniprogram' ? 'wechat.miniprogram.ipNotListed' : 'wechat.ipNotListed'
    return ip === undefined ? undefined : say(key, { ip })
  }
  if (code === errcode.invalidData) {
    const field = /data\.(\w+)\.value/.exec(errmsg)?.[1]
    if (field === undefined) return undefined
    // WeChat also spells it "emtpy".
    return say(/\bem(pt|tp)y\b/.test(errmsg) ? 'wechat.dataEmpty' : 'wechat.dataInvalid', { field })
  }
  return undefined
}

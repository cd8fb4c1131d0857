import { type Sentence, say, toEnglish } from '../base/sentences/sentence.ts'
import { classOf, type ErrcodeClass, type WechatRefusal } from './errcode.ts'

/** WeChat does not limit the length of an errmsg; a record of a push has no use for more. */
const errmsgLimit = 500

/** They said no: WeChat answered with an errcode other than 0. */
export class WechatApiError extends Error {
  override readonly name = 'WechatApiError'
  readonly errcode: number
  readonly errmsg: string
  /** WeChat's own id of the call, which its support asks for. */
  readonly rid: string | undefined
  /** Endpoint without its query, which holds the access_token. */
  readonly path: string
  readonly class: ErrcodeClass
  /** Several access_tokens in a row were refused right after WeChat handed them out. */
  readonly tokenFruitless: boolean
  /** Of the message that was sent before, if WeChat refuses to send it twice and says so. */
  readonly msgid: string | undefined

  constructor({ errcode, errmsg, path, tokenFruitless = false, msgid }: WechatRefusal) {
    const short = errmsg.slice(0, errmsgLimit)
    const rid = /rid:\s*([\da-f]{8}-[\da-f]{8}-[\da-f]{8})/.exec(errmsg)?.[1]
    super(`${path}: errcode ${errcode}, ${short}${rid && !short.includes(rid) ? ` rid: ${rid}` : ''}`)
    this.errcode = errcode
    this.errmsg = short
    this.rid = rid
    this.path = path
    this.class = tokenFruitless ? 'A' : classOf(errcode, path)
    this.tokenFruitless = tokenFruitless
    this.msgid = msgid
  }
}

export type NetworkFailure =
  | 'connect'
  | 'timeout'
  | 'reset'
  | 'http_status'
  | 'bad_body'
  | 'too_large'
  | 'aborted'

interface NetworkErrorFields {
  kind: NetworkFailure
  path: string
  /** What was seen, without secrets. */
  detail: Sentence
  maybeReceived: boolean
  status?: number
  cause?: unknown
}

/** No usable answer: nobody knows what became of the call unless `maybeReceived` is false. */
export class WechatNetworkError extends Error {
  override readonly name = 'WechatNetworkError'
  readonly kind: NetworkFailure
  readonly path: string
  /** False only when the request surely never left: DNS, refused or timed out connection, TLS. */
  readonly maybeReceived: boolean
  readonly status: number | undefined
  readonly detail: Sentence
  /** The same, with the endpoint. */
  readonly sentence: Sentence

  constructor({ kind, path, detail, maybeReceived, status, cause }: NetworkErrorFields) {
    const sentence = say('network.of_call', { path, why: detail })
    super(toEnglish(sentence), cause === undefined ? {} : { cause: toSafeCause(cause) })
    this.kind = kind
    this.path = path
    this.maybeReceived = maybeReceived
    this.status = status
    this.detail = detail
    this.sentence = sentence
  }
}

/** HTTP libraries hang the URL, headers or raw bytes on their errors, so only the words go on. */
function toSafeCause(cause: unknown): Error {
  return new Error(cause instanceof Error ? cause.message : String(cause))
}

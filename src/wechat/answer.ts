import { promisify } from 'node:util'
import { brotliDecompress, unzip } from 'node:zlib'
import { isObject } from '../base/isObject.ts'
import { type Sentence, say } from '../base/sentences/sentence.ts'
import { errcode as codes } from './errcode.ts'
import { WechatApiError, WechatNetworkError } from './errors.ts'
import { bodyLimit, type TransportAnswer, tooLarge } from './transport/transport.ts'

export interface WechatAnswer {
  json: Record<string, unknown>
  /** The body as text: numbers beyond 2^53 keep their digits here. */
  text: string
  /** WeChat's clock when it answered, epoch milliseconds. */
  date: number | undefined
}

const decompressors = { br: promisify(brotliDecompress), other: promisify(unzip) }

/**
 * Reads an answer the lenient way WeChat needs: the content type is not to be trusted, and raw control characters, broken
 * UTF-8 or a byte order mark may occur. Throws WechatNetworkError when nothing usable came.
 */
export function readAnswer(path: string, { status, date, body }: TransportAnswer): WechatAnswer {
  if (status < 200 || status > 299) {
    const detail = say('network.http_status', { status })
    throw new WechatNetworkError({ kind: 'http_status', path, detail, status, maybeReceived: true })
  }
  const text = body.toString()
  const json = parseJson(text)
  if (!isObject(json)) throw toBadBody(path, say('network.not_json', { bytes: String(body.length) }))
  return { json, text, date: date === undefined ? undefined : Date.parse(date) }
}

/** Undoes a Content-Encoding; nobody asked for one, yet some proxies compress. */
export async function decompress(
  path: string,
  answer: TransportAnswer,
  encoding: string,
): Promise<TransportAnswer> {
  if (encoding === 'identity') return answer
  const run = encoding === 'br' ? decompressors.br : decompressors.other
  try {
    return { ...answer, body: await run(answer.body, { maxOutputLength: bodyLimit }) }
  } catch (cause) {
    if (!(cause instanceof RangeError))
      throw toBadBody(path, say('network.not_decompressed', { encoding }), cause)
    throw new WechatNetworkError({ kind: 'too_large', path, detail: tooLarge, maybeReceived: true })
  }
}

/** Throws WechatApiError for every errcode but 0; most endpoints that read leave the 0 out. */
export function throwIfRefused(path: string, { json, text }: Pick<WechatAnswer, 'json' | 'text'>): void {
  const given = json.errcode
  if (given === undefined || given === 0) return
  const errcode = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : given
  if (errcode === 0) return
  // JSON knows 0.5 and 1e999; neither is a code, and the second is no number that can be kept.
  if (!isInteger(errcode)) throw toBadBody(path, say('network.errcode_odd'))
  const errmsg = json.errmsg
  const sentBefore = errcode === codes.alreadySent ? findMsgid(text) : undefined
  // 0 is what WeChat writes when it does not say which message it means.
  const msgid = sentBefore === '0' ? undefined : sentBefore
  throw new WechatApiError({ errcode, errmsg: typeof errmsg === 'string' ? errmsg : '', path, msgid })
}

/** From the text, because the number exceeds 2^53. Mass messages, to which some codes belong, write it `msg_id`. */
export function findMsgid(text: string): string | undefined {
  return /"msg_?id"\s*:\s*"?(-?\d+)"?\s*[,}]/.exec(text)?.[1]
}

/** An answer came, so the request was received; what it says is of no use. */
export function toBadBody(path: string, detail: Sentence, cause?: unknown): WechatNetworkError {
  return new WechatNetworkError({ kind: 'bad_body', path, detail, maybeReceived: true, cause })
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** WeChat leaves control characters as they are in its strings; undefined for what is no JSON even without them. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    try {
      return JSON.parse(text.replace(/[\p{Cc}\uFEFF]/gu, ''))
    } catch {
      return undefined
    }
  }
}

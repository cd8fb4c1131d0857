import type { ParsedUrlQuery } from 'node:querystring'
import type { SimulatedQuotas } from '../options.ts'
import { randomHex } from './ids.ts'

/** One request on its way through an endpoint. */
export interface Call {
  path: string
  method: string
  rawQuery: string
  query: ParsedUrlQuery
  body: string
  /** The body of an endpoint that takes JSON, once it is parsed. */
  json: Record<string, unknown>
  /** The access_token, checked; empty where none is asked for. */
  token: string
  /** The appid the token belongs to. */
  owner: string
  /** The caller's address as WeChat would print it. */
  address: string
  /** Epoch milliseconds. */
  at: number
  /** What the answer said; 0 until refused. */
  errcode: number
  /** The answer waits for it. */
  heldBy?: Promise<void> | undefined
}

export interface Endpoint {
  method: 'GET' | 'POST'
  /** What another method gets; default 43001 or 43002. */
  wrongMethod?: number
  /** Whether a POST may come without a body. */
  takesNoBody?: true
  /** Whose access_token opens it; `none` takes no token. */
  token: 'account' | 'miniprogram' | 'either' | 'none'
  quota?: keyof SimulatedQuotas
  handle(call: Call): string | Buffer
}

export type Endpoints = Record<string, Endpoint>

/** Answers a call with an errcode; `text` replaces the usual text. Always HTTP 200, as WeChat does. */
export type Refuse = (call: Call, errcode: number, text?: string) => string

export interface LoggedRefusal {
  rid: string
  at: number
  address: string
  request: string
  requestBody: string
  answer: string
}

/** WeChat remembers them for 7 days, the simulator the newest. */
const rememberedRefusals = 1_000
const longestRemembered = 10_000

const seeMore =
  'could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r'

/** The texts as WeChat words them, as far as they are known. */
const errorTexts: Record<number, string> = {
  [-1]: 'system error',
  40001: `invalid credential, access_token is invalid or not latest, ${seeMore}`,
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40029: 'invalid code',
  40032: 'invalid openid list size',
  40036: 'invalid template_id size',
  40037: 'invalid template_id',
  40039: 'invalid url size',
  40125: 'invalid appsecret',
  40163: 'code been used',
  40164: 'invalid ip {ip} ipv6 ::ffff:{ip}, not in whitelist',
  40165: 'invalid weapp pagepath',
  40166: 'invalid weapp appid',
  40201: 'invalid check url',
  40202: 'invalid check action',
  40203: 'invalid check operator',
  40226: 'code blocked',
  40246: 'invalid keyword_name_list',
  40247: 'need category template',
  40252: 'part of the content of the template message is in platform review',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'code missing',
  41009: 'openid missing',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  43004: 'require subscribe',
  43019: 'require remove blacklist',
  44002: 'empty post data',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit  mustslower  retry next minute',
  45026: 'template num exceeds limit',
  45065: 'clientmsgid exist',
  45066: 'same clientmsgid retry too fast',
  47001: 'data format error',
  47002: 'do NOT use json unicode encode',
  47003: 'argument invalid!',
  48001: 'api unauthorized',
  48006: 'forbid to clear quota because of reaching the limit',
  50002: 'user limited',
  76001: 'rid not found',
  76002: 'invalid rid',
  76004: 'rid is expired',
  76021: 'cgi_path not found, please check',
  76022: 'could not use this cgi_path, no permission',
  87007: 'session_key is not existed or expired',
  87008: 'invalid sig_method',
  87009: 'invalid signature',
  89300: 'order invalid',
}

/** Makes error answers with a rid each, and remembers them for openapi/rid/get. */
export function createRefusalLog(random: () => number) {
  const remembered = new Map<string, LoggedRefusal>()

  const refuse: Refuse = (call, errcode, text) => {
    const usual = errorTexts[errcode] ?? `error ${errcode}`
    const words = (text ?? usual).replaceAll('{ip}', call.address)
    const seconds = Math.floor(call.at / 1000).toString(16)
    const rid = `${seconds.padStart(8, '0')}-${randomHex(random, 8)}-${randomHex(random, 8)}`
    // The sns family puts a comma before the rid.
    const separator = call.path.startsWith('/sns/') ? ', ' : ' '
    const answer = `{"errcode":${errcode},"errmsg":${JSON.stringify(`${words}${separator}rid: ${rid}`)}}`
    call.errcode = errcode
    remembered.set(rid, {
      rid,
      at: call.at,
      address: call.address,
      request: `${call.path}?${call.rawQuery}`,
      requestBody: call.body.length > longestRemembered ? '' : call.body,
      answer,
    })
    if (remembered.size > rememberedRefusals) {
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest)
        break
      }
    }
    return answer
  }

  return { refuse, find: (rid: string): LoggedRefusal | undefined => remembered.get(rid) }
}

/** The first value of a query parameter; undefined when absent or empty, which WeChat treats alike. */
export function toText(value: unknown): string | undefined {
  const first = Array.isArray(value) ? value[0] : value
  return typeof first === 'string' && first !== '' ? first : undefined
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

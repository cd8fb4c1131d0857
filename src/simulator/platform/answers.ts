import type { ParsedUrlQuery } from 'node:querystring'
import type { SimulatedQuotas } from '../options.ts'
import { errorTexts } from './errorTexts.ts'
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
  /** Taken by whoever answers the call where it takes no token. */
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

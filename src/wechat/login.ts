import { createHmac } from 'node:crypto'
import type { AppCredentials } from '../base/config.ts'
import { isObject } from '../base/isObject.ts'
import { say } from '../base/sentences/sentence.ts'
import { toBadBody } from './answer.ts'
import { type AuthorizedCallDeps, createAuthorizedCall } from './authorizedCall.ts'
import { errcode } from './errcode.ts'
import { WechatApiError } from './errors.ts'
import type { Payment, PhoneNumber } from './types.ts'

export interface WechatUser {
  /** The openid within the mini-program. */
  openid: string
  /** 16 bytes in base64; never leaves the server. */
  sessionKey: string
  /** WeChat gives it only to a mini-program that is bound to an Open Platform account, and not always then. */
  unionid: string | undefined
}

/** WeChat's login of a mini-program. Calls throw WechatApiError or WechatNetworkError. */
export interface LoginApi {
  /** Redeems a code of `wx.login`, which works once and for five minutes. */
  codeToSession(code: string): Promise<WechatUser>
  /** Whether WeChat still honours this session_key. */
  checkSession(openid: string, sessionKey: string): Promise<boolean>
  /** Replaces the session_key and returns the new one, which expires when the old one would have. */
  resetSession(openid: string, sessionKey: string): Promise<string>
  /** Redeems a code of the phone button. WeChat charges for it; with an openid the code must be that user's. */
  phoneNumber(code: string, openid: string | undefined): Promise<PhoneNumber>
  /** The unionid of a user who has paid within the last five minutes. */
  paidUnionid(openid: string, payment: Payment): Promise<string>
}

const paths = {
  codeToSession: '/sns/jscode2session',
  checkSession: '/wxa/checksession',
  resetSession: '/wxa/resetusersessionkey',
  phoneNumber: '/wxa/business/getuserphonenumber',
  paidUnionid: '/wxa/getpaidunionid',
} as const

interface LoginApiDeps extends AuthorizedCallDeps {
  /** The mini-program. */
  account: AppCredentials
}

export function createLoginApi({ account, ...deps }: LoginApiDeps): LoginApi {
  const call = createAuthorizedCall(deps)
  return {
    async codeToSession(code) {
      const path = paths.codeToSession
      const { appid, secret } = account
      const query = { appid, secret, js_code: code, grant_type: 'authorization_code' }
      const { json } = await deps.client.call({ method: 'GET', path, query })
      return {
        openid: toText(json, 'openid', path),
        sessionKey: toText(json, 'session_key', path),
        unionid: isText(json.unionid) ? json.unionid : undefined,
      }
    },
    async checkSession(openid, sessionKey) {
      try {
        await call({ method: 'GET', path: paths.checkSession, query: toSignedQuery(openid, sessionKey) })
        return true
      } catch (error) {
        if (isSessionKeyRefused(error)) return false
        throw error
      }
    },
    async resetSession(openid, sessionKey) {
      const path = paths.resetSession
      const { json } = await call({ method: 'GET', path, query: toSignedQuery(openid, sessionKey) })
      return toText(json, 'session_key', path)
    },
    async phoneNumber(code, openid) {
      const path = paths.phoneNumber
      const { json } = await call({ method: 'POST', path, body: { code, openid } })
      const info = isObject(json.phone_info) ? json.phone_info : {}
      return {
        phoneNumber: toText(info, 'phoneNumber', path),
        purePhoneNumber: toText(info, 'purePhoneNumber', path),
        // A number in some of WeChat's own samples, text in others.
        countryCode: toTextOrNone(info.countryCode),
      }
    },
    async paidUnionid(openid, payment) {
      const path = paths.paidUnionid
      const { json } = await call({ method: 'GET', path, query: { openid, ...toPaymentQuery(payment) } })
      return toText(json, 'unionid', path)
    },
  }
}

/** WeChat takes the session_key as the text it is, not as the bytes it stands for, and signs the empty string. */
function toSignedQuery(openid: string, sessionKey: string) {
  const signature = createHmac('sha256', sessionKey).update('').digest('hex')
  return { openid, signature, sig_method: 'hmac_sha256' }
}

function toPaymentQuery(payment: Payment) {
  return 'transactionId' in payment
    ? { transaction_id: payment.transactionId }
    : { mch_id: payment.mchId, out_trade_no: payment.outTradeNo }
}

function isSessionKeyRefused(error: unknown): boolean {
  const codes: number[] = [errcode.sessionKeyInvalid, errcode.sessionKeyGone]
  return error instanceof WechatApiError && codes.includes(error.errcode)
}

function toText(json: Record<string, unknown>, name: string, path: string): string {
  const value = json[name]
  if (!isText(value)) throw toBadBody(path, say('network.lacks', { name }))
  return value
}

function toTextOrNone(value: unknown): string {
  return typeof value === 'number' || isText(value) ? String(value) : ''
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

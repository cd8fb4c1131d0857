import { createHmac } from 'node:crypto'
import type { SimulatedApp } from '../../options.ts'
import { type Call, type Endpoints, type Refuse, toText } from '../answers.ts'
import type { FollowerList } from '../followers/followerList.ts'
import { mix, randomHex } from '../ids.ts'
import { createWindowLimit, type WindowLimit } from '../limits.ts'
import { createMintedCodes } from './codes.ts'
import { createPayments } from './payments.ts'

interface MiniprogramOptions {
  app: SimulatedApp
  followers: FollowerList
  random: () => number
  refuse: Refuse
}

const sessionLifeMs = 3 * 86_400_000
const loginsPerMinute = 100

/** The mini-program's side: login, session checks, phone number, unionid after a payment. */
export function createMiniprogram({ app, followers, random, refuse }: MiniprogramOptions) {
  const codes = createMintedCodes(random)
  const payments = createPayments(random)
  const sessions = new Map<number, { key: string; expiresAt: number }>()
  const loginLimits = new Map<number, WindowLimit>()

  function createSessionKey(): string {
    return Buffer.from(randomHex(random, 32), 'hex').toString('base64')
  }

  function isLoginAllowed(user: number, at: number): boolean {
    const limit = loginLimits.get(user) ?? createWindowLimit(60_000, loginsPerMinute)
    loginLimits.set(user, limit)
    return limit.take(at)
  }

  function logIn(call: Call): string {
    const { appid, secret, js_code: jsCode, grant_type: grantType } = call.query
    if (toText(appid) === undefined) return refuse(call, 41002)
    if (appid !== app.appid) return refuse(call, 40013)
    if (toText(secret) === undefined) return refuse(call, 41004)
    if (secret !== app.secret) return refuse(call, 40125)
    const text = toText(jsCode)
    if (text === undefined) return refuse(call, 41008)
    if (grantType !== 'authorization_code') return refuse(call, 40002)
    const code = codes.redeem(text, 'login', call.at)
    if (typeof code === 'number') return refuse(call, code)
    const { user, options } = code
    if (options.highRisk) return refuse(call, 40226)
    if (!isLoginAllowed(user, call.at)) return refuse(call, 45011)
    const key = createSessionKey()
    sessions.set(user, { key, expiresAt: call.at + sessionLifeMs })
    return JSON.stringify({
      session_key: key,
      openid: followers.userAt(user).miniprogramOpenid,
      ...(options.unionid !== false && { unionid: followers.trueUnionid(user) }),
    })
  }

  /** The user whose session the signature proves, or the errcode it earns. */
  function findSession({ query, at }: Call): number | { user: number; expiresAt: number } {
    if (query.sig_method !== 'hmac_sha256') return 87008
    const user = followers.findMiniprogramUser(toText(query.openid) ?? '')
    if (user < 0) return 40003
    const session = sessions.get(user)
    if (!session || at > session.expiresAt) return 87007
    const signature = createHmac('sha256', session.key).update('').digest('hex')
    return query.signature === signature ? { user, expiresAt: session.expiresAt } : 87009
  }

  function checkSession(call: Call): string {
    const session = findSession(call)
    return typeof session === 'number' ? refuse(call, session) : '{"errcode":0,"errmsg":"ok"}'
  }

  /** A new key with the old end. */
  function resetSession(call: Call): string {
    const session = findSession(call)
    if (typeof session === 'number') return refuse(call, session)
    const key = createSessionKey()
    sessions.set(session.user, { key, expiresAt: session.expiresAt })
    const openid = followers.userAt(session.user).miniprogramOpenid
    return JSON.stringify({ errcode: 0, errmsg: 'ok', openid, session_key: key })
  }

  function getPhone(call: Call): string {
    const code = codes.redeem(toText(call.json.code) ?? '', 'phone', call.at)
    if (typeof code === 'number') return refuse(call, 40029)
    return JSON.stringify(toPhone(code.user, app.appid, call.at))
  }

  function getPaidUnionid(call: Call): string {
    const user = followers.findMiniprogramUser(toText(call.query.openid) ?? '')
    if (user < 0) return refuse(call, 40003)
    if (!payments.isKnown(user, call.query, call.at)) return refuse(call, 89300)
    return JSON.stringify({ unionid: followers.trueUnionid(user), errcode: 0, errmsg: 'ok' })
  }

  const endpoints: Endpoints = {
    // A POST is answered as if it had no parameters.
    '/sns/jscode2session': { method: 'GET', wrongMethod: 41002, token: 'none', handle: logIn },
    '/wxa/checksession': { method: 'GET', token: 'miniprogram', handle: checkSession },
    '/wxa/resetusersessionkey': { method: 'GET', token: 'miniprogram', handle: resetSession },
    '/wxa/business/getuserphonenumber': { method: 'POST', token: 'miniprogram', handle: getPhone },
    '/wxa/getpaidunionid': { method: 'GET', token: 'miniprogram', handle: getPaidUnionid },
  }

  return {
    endpoints,

    mintCode: codes.mint,
    mintPayment: payments.mint,

    sessionKeyOf(user: number, at: number): string | undefined {
      const session = sessions.get(user)
      return session && at <= session.expiresAt ? session.key : undefined
    },
  }
}

function toPhone(user: number, appid: string, at: number) {
  const number = `138${String(mix(user) % 100_000_000).padStart(8, '0')}`
  return {
    errcode: 0,
    errmsg: 'ok',
    phone_info: {
      phoneNumber: number,
      purePhoneNumber: number,
      countryCode: '86',
      watermark: { timestamp: Math.floor(at / 1000), appid },
    },
  }
}

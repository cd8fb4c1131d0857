import type { AppCredentials } from '../base/config.ts'
import { day } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createSessionToken } from '../base/sessionToken.ts'
import type { Followers } from '../db/followers.ts'
import type { Session, Sessions } from '../db/sessions.ts'
import type { Stores } from '../db/stores.ts'
import type { WechatClient } from '../wechat/client.ts'
import { createLoginApi, type WechatUser } from '../wechat/login.ts'
import { createTokenSource } from '../wechat/token.ts'
import { createCodes } from './codes.ts'
import { decryptData, isSignedRawData } from './decrypt.ts'
import { orRefusal, type Refusal, refuse } from './refusal.ts'
import type { Identity, LoginState, UserInfo, UserState } from './states.ts'
import { createVault } from './vault.ts'

interface IdentityDeps {
  /** The mini-program. */
  account: AppCredentials
  db: Pick<Stores, 'sessions' | 'tokens' | 'users'>
  client: Pick<WechatClient, 'call'>
  /** Of the service account. */
  followers: Pick<Followers, 'findByUnionid'>
  log: Log
}

export interface IdentityOptions {
  /** Days without use after which a session is over. */
  sessionDays: number
  /** Tell openid and unionid to callers, and so to the mini-program. */
  exposeIds: boolean
  now?: () => number
}

export function createIdentity(deps: IdentityDeps, options: IdentityOptions): Identity {
  const { account, db, client, followers, log } = deps
  const { sessionDays, exposeIds, now = Date.now } = options
  const sessionLife = sessionDays * day
  const tokens = createTokenSource({ ...account, client, store: db.tokens(), log, now })
  const api = createLoginApi({ client, tokens, account })
  const users = db.users(account.appid)
  const sessions = db.sessions(account.appid)
  const vault = createVault(account)
  const loginCodes = createCodes(now)
  const phoneCodes = createCodes(now)

  async function startSession({ openid, unionid, sessionKey }: WechatUser): Promise<LoginState> {
    const createdAt = now()
    const expiresAt = createdAt + sessionLife
    const token = createSessionToken()
    await users.recordLogin({ openid, unionid, sessionKey: vault.seal(sessionKey, openid), at: createdAt })
    await sessions.start({ token, openid, createdAt, expiresAt })
    return { ...(await toState(openid)), token, expiresAt }
  }

  async function toState(openid: string): Promise<UserState> {
    const unionid = (await users.find(openid))?.unionid ?? null
    return {
      ok: true,
      unionid: unionid === null ? 'missing' : 'known',
      following: unionid !== null && ((await followers.findByUnionid(unionid))?.subscribed ?? false),
      ...(exposeIds && { ids: { openid, unionid } }),
    }
  }

  async function withSession<T>(token: string, work: (session: Session) => Promise<T>): Promise<T | Refusal> {
    const session = await findSession(sessions, token, { now: now(), life: sessionLife })
    return session ? orRefusal(() => work(session)) : refuse('no_session')
  }

  function withSessionKey<T>(token: string, work: (openid: string, sessionKey: string) => Promise<T>) {
    return withSession(token, async ({ openid }): Promise<T | Refusal> => {
      const user = await users.find(openid)
      const sessionKey = user && vault.open(user.sessionKey, openid)
      return sessionKey === undefined ? refuse('session_key_stale') : work(openid, sessionKey)
    })
  }

  async function readInfo(openid: string, sessionKey: string, info: UserInfo) {
    const { encryptedData, iv, rawData, signature } = info
    const isSigned = rawData !== undefined || signature !== undefined
    if (isSigned && !isSignedRawData({ rawData: rawData ?? '', signature: signature ?? '', sessionKey })) {
      return refuse('bad_signature')
    }
    const decrypted = decryptData({ encryptedData, iv, sessionKey, appid: account.appid, now: now() })
    if (!decrypted.ok) return refuse(decrypted.reason)
    const { openId, unionId, watermark: _, ...data } = decrypted.data
    if (openId !== undefined && openId !== openid) return refuse('other_user')
    // The cipher is malleable, so what it says never replaces what WeChat told us over its own API.
    if (openId !== undefined && unionId !== undefined)
      await users.completeUnionid({ openid, unionid: unionId })
    return { ...(await toState(openid)), data }
  }

  async function redeemPhone(code: string, openid: string | undefined) {
    const phone = await phoneCodes.once(code, () => api.phoneNumber(code, openid))
    return phone ? { ok: true as const, ...phone } : refuse('code_used')
  }

  return {
    login: (code) =>
      orRefusal(async () => {
        const user = await loginCodes.once(code, () => api.codeToSession(code))
        return user ? startSession(user) : refuse('code_used')
      }),
    session: (token) =>
      withSession(token, async ({ openid, expiresAt }) => ({ ...(await toState(openid)), expiresAt })),
    logout: (token) => sessions.end(token),
    decrypt: (token, info) =>
      withSessionKey(token, (openid, sessionKey) => readInfo(openid, sessionKey, info)),
    phone: (code, token) =>
      token === undefined
        ? orRefusal(() => redeemPhone(code, undefined))
        : withSession(token, ({ openid }) => redeemPhone(code, openid)),
    checkSession: (token) =>
      withSessionKey(token, async (openid, sessionKey) => ({
        ok: true,
        alive: await api.checkSession(openid, sessionKey),
      })),
    resetSession: (token) =>
      withSessionKey(token, async (openid, sessionKey) => {
        const renewed = await api.resetSession(openid, sessionKey)
        await users.setSessionKey({ openid, sessionKey: vault.seal(renewed, openid) })
        return { ok: true }
      }),
    paidUnionid: (token, payment) =>
      withSession(token, async ({ openid }) => {
        await users.setUnionid({ openid, unionid: await api.paidUnionid(openid, payment) })
        return toState(openid)
      }),
  }
}

/** A session in use lasts longer; the database hears of it once a day, not at every request. Times in milliseconds. */
async function findSession(
  sessions: Pick<Sessions, 'find' | 'extend'>,
  token: string,
  { now, life }: { now: number; life: number },
): Promise<Session | undefined> {
  const session = await sessions.find(token, now)
  const expiresAt = now + life
  if (!session || expiresAt - session.expiresAt < Math.min(day, life / 2)) return session
  await sessions.extend(token, expiresAt)
  return { ...session, expiresAt }
}

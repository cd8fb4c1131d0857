import type { Payment, PhoneNumber } from '../wechat/types.ts'
import type { Refusal } from './refusal.ts'

/** What the mini-program may know about its user. */
export interface UserState {
  ok: true
  /** Whether WeChat has told us the unionid yet. */
  unionid: 'known' | 'missing'
  /** Whether the user follows the service account, so that template messages reach them. */
  following: boolean
  /** Only with `exposeIds`; `openid` is that of the mini-program. */
  ids?: { openid: string; unionid: string | null }
}

export interface SessionState extends UserState {
  /** Epoch milliseconds; moves on while the session is in use. */
  expiresAt: number
}

export interface LoginState extends SessionState {
  /** Opaque; the mini-program sends it as `Authorization: Bearer <token>`. */
  token: string
}

export interface DecryptedState extends UserState {
  /** What WeChat encrypted, without ids and watermark. */
  data: Record<string, unknown>
}

/** What `wx.getUserInfo` and the older phone button hand to the mini-program, unchanged. */
export interface EncryptedData {
  encryptedData: string
  iv: string
}

/** As `wx.getUserInfo` gives them, unchanged; rawData and signature come together. */
export interface UserInfo extends EncryptedData {
  rawData?: string | undefined
  signature?: string | undefined
}

/**
 * Logins and users of one mini-program. Every call answers `{ok: false, reason, message}` for what the user or the moment
 * is the cause of; WechatApiError (account or configuration) and WechatNetworkError are thrown.
 */
export interface Identity {
  /** Opens a session for a code of `wx.login`; a code works once. */
  login(code: string): Promise<LoginState | Refusal>
  session(token: string): Promise<SessionState | Refusal>
  logout(token: string): Promise<void>
  /** Opens data of `wx.getUserInfo` or the older phone button, and learns the unionid from them if none is known. */
  decrypt(token: string, info: UserInfo): Promise<DecryptedState | Refusal>
  /** Redeems a code of the phone button, which WeChat charges for; with a token it must be that user's. */
  phone(code: string, token?: string): Promise<({ ok: true } & PhoneNumber) | Refusal>
  /** Whether WeChat still honours the session_key of this user's last login. */
  checkSession(token: string): Promise<{ ok: true; alive: boolean } | Refusal>
  /** Has WeChat replace the session_key, for instance because it may have leaked; sessions go on. */
  resetSession(token: string): Promise<{ ok: true } | Refusal>
  /** Learns the unionid from a payment, within five minutes after it. */
  paidUnionid(token: string, payment: Payment): Promise<UserState | Refusal>
}

import { errcode } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'

/** Why the mini-program does not get what it asked for, each with what to do about it. */
const sentences = {
  no_session: 'there is no such session, or it is over: log in again',
  code_invalid: 'the code is wrong or older than five minutes: get a new one',
  code_used: 'the code was already used: get a new one',
  user_blocked: 'WeChat takes this user for a risk and refuses the login',
  too_often: 'WeChat refuses more calls for this user in this minute: try again in the next',
  wechat_busy: 'WeChat is busy: try again in a moment',
  quota_exhausted: 'the calls WeChat allows in a day are used up: try again after 00:00 in Shanghai',
  session_key_stale: 'WeChat has renewed the session_key: log in again, then repeat this',
  damaged: 'encryptedData or iv is damaged: send them as wx.getUserInfo gave them, in a JSON body',
  undecryptable:
    'the data were not made with the session_key of the last login: log in again, then ask for them anew',
  bad_signature: 'the signature does not belong to rawData and the session_key of the last login',
  other_app: 'the data were made for another mini-program',
  other_user: 'the data are about another user than that of the session',
  too_old: 'the data are too old: ask for them anew',
  order_invalid: 'WeChat knows no such payment of this user within the last five minutes',
} as const

export type RefusalReason = keyof typeof sentences

export interface Refusal {
  ok: false
  reason: RefusalReason
  /** A sentence without any secret or id. */
  message: string
  /** What WeChat refused with, if it was WeChat. */
  errcode?: number
  /** WeChat's own id of the call. */
  rid?: string
}

const reasons: ReadonlyMap<number, RefusalReason> = new Map([
  [errcode.busy, 'wechat_busy'],
  [errcode.minuteQuota, 'too_often'],
  [errcode.dailyQuota, 'quota_exhausted'],
  [errcode.codeInvalid, 'code_invalid'],
  [errcode.codeUsed, 'code_used'],
  [errcode.userBlocked, 'user_blocked'],
  [errcode.sessionKeyGone, 'session_key_stale'],
  [errcode.sessionKeyInvalid, 'session_key_stale'],
  [errcode.orderInvalid, 'order_invalid'],
  [errcode.orderMismatch, 'order_invalid'],
])

export function refuse(reason: RefusalReason): Refusal {
  return { ok: false, reason, message: sentences[reason] }
}

/** Turns what WeChat refused for a reason that lies with the user or the moment into an answer; other errors go on. */
export async function orRefusal<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof WechatApiError)) throw error
    const { errcode, rid } = error
    const reason = reasons.get(errcode)
    if (reason === undefined) throw error
    return { ...refuse(reason), errcode, ...(rid !== undefined && { rid }) }
  }
}

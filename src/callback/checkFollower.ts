import { minute, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { StoredEvent } from '../db/callbackEvents.ts'
import type { WechatApi } from '../wechat/api.ts'
import { WechatApiError } from '../wechat/errors.ts'
import type { FollowerInfo } from '../wechat/types.ts'
import { toNextTry } from './nextTry.ts'

export interface FollowerCheckDeps {
  api: Pick<WechatApi, 'getFollower'>
  followers: {
    /** `at` = when WeChat was asked. */
    upsert(infos: FollowerInfo[], options: { at: number }): Promise<unknown>
  }
  log: Log
  now?: () => number
}

/** Resolves with the time to ask again; null = no more. */
export type FollowerCheck = (event: StoredEvent, signal: AbortSignal) => Promise<number | null>

/** Right after the follow WeChat may not know the unionid yet. */
const unionidDelays = [5 * second, minute]

/** Asks WeChat about the user of a follow or profile event. */
export function createFollowerCheck({
  api,
  followers,
  log,
  now = Date.now,
}: FollowerCheckDeps): FollowerCheck {
  return async (event, signal) => {
    const { kind, openid, tries } = event
    const at = now()
    let info: FollowerInfo
    try {
      info = await api.getFollower(openid, signal)
    } catch (error) {
      signal.throwIfAborted()
      return afterFailure(error, tries)
    }
    const delay = kind === 'subscribe' && !info.unionid ? unionidDelays[tries - 1] : undefined
    // So soon after a follow "does not follow" may be old news as well.
    if (info.subscribed || delay === undefined) await followers.upsert([info], { at })
    return delay === undefined ? null : now() + delay
  }

  function afterFailure(error: unknown, tries: number): number | null {
    if (error instanceof WechatApiError && error.class === 'R') return null
    const next = toNextTry(tries, now())
    if (next === null) log.warn({ err: error, tries }, 'follower could not be fetched, left to the next sync')
    else log.debug({ err: error, tries }, 'follower could not be fetched, will be retried')
    return next
  }
}

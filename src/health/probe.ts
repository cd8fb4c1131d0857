import { type Backoff, toBackoff } from '../base/backoff.ts'
import { day, minute, second, toShanghaiDayStart } from '../base/duration.ts'
import type { PauseReason } from '../push/status.ts'
import type { WechatApi } from '../wechat/api.ts'
import { errcode, reasonOf } from '../wechat/errcode.ts'
import { WechatApiError } from '../wechat/errors.ts'

export const sendPath = '/cgi-bin/message/template/send'

const quotaReason = reasonOf({ errcode: errcode.dailyQuota, path: '' })
const probeBackoff: Backoff = { first: 5 * second, longest: 5 * minute }
/** A quota can be raised or cleared at any time. */
const quotaInterval = 10 * minute

export function isQuota(reason: PauseReason): boolean {
  return reason === quotaReason
}

/** When to look whether an account that is paused may send again, after `probes` that found it may not. */
export function toProbeAt(reason: PauseReason, probes: number, now: number): number {
  if (!isQuota(reason)) return now + toBackoff(probeBackoff, probes + 1)
  // WeChat gives new quotas at midnight; a minute later its clock and ours agree that it is over.
  const renewal = toShanghaiDayStart(now) + minute
  return Math.min(now + quotaInterval, now < renewal ? renewal : renewal + day)
}

/** Whether WeChat answers a call that has no effect, whatever it says. */
export async function isAnswering(api: Pick<WechatApi, 'getQuota'>): Promise<boolean> {
  try {
    await api.getQuota(sendPath)
    return true
  } catch (error) {
    return error instanceof WechatApiError && error.class !== 'B'
  }
}

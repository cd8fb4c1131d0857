import { day, minute, toShanghaiDayStart } from '../../base/duration.ts'
import type { Quota } from '../../wechat/types.ts'

/** A pace of less than that tells nothing of the day. */
const leastTime = 30 * minute

/**
 * When what WeChat allows in a day is used up if the day goes on as it began, in epoch milliseconds; undefined = it lasts
 * until WeChat counts anew, at 00:00 in Shanghai, or nobody can say yet.
 */
export function toUsedUpAt({ dailyLimit, used }: Quota, now: number): number | undefined {
  const start = toShanghaiDayStart(now)
  const passed = now - start
  if (used === 0 || passed < leastTime) return undefined
  const at = start + (passed * dailyLimit) / used
  return at < start + day ? at : undefined
}

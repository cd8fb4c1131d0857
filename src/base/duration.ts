export const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** China has no daylight saving time, so Asia/Shanghai is a fixed offset. */
const shanghaiOffset = 8 * hour

/** Start of the current day in Asia/Shanghai, where WeChat's daily quotas are counted; epoch milliseconds. */
export function toShanghaiDayStart(now: number): number {
  return Math.floor((now + shanghaiOffset) / day) * day - shanghaiOffset
}

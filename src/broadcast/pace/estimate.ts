import { type DayWindow, findClosing, isOpenAt } from '../../base/dayWindow.ts'
import { day, minute, second, toShanghaiDayStart } from '../../base/duration.ts'

/** What holds the sends of a broadcast back. */
export interface SendPace {
  perSecond: number
  window: DayWindow | undefined
  timezone: string
  /** Sends that it may have today, and on each day after; undefined = WeChat does not say. */
  quota: { today: number; daily: number } | undefined
}

/** Further ahead than this nobody plans. */
const mostSteps = 10_000

/** When so many sends from that moment on are done, epoch milliseconds; undefined = never, as far as is known. */
export function estimateEnd(sends: number, now: number, from: number, pace: SendPace): number | undefined {
  if (!(pace.perSecond > 0)) return undefined
  const { quota, window, timezone } = pace
  let time = Math.max(now, from)
  let left = sends
  let renewal = toShanghaiDayStart(now) + day
  let budget = Math.max(0, quota?.today ?? Number.POSITIVE_INFINITY)
  for (let step = 0; step < mostSteps; step += 1) {
    if (left <= 0) return time
    if (time >= renewal) {
      renewal = toShanghaiDayStart(time) + day
      budget = quota?.daily ?? Number.POSITIVE_INFINITY
      if (budget <= 0) return undefined
    }
    if (window && !isOpenAt(window, time, timezone)) time = findOpening(window, time, timezone)
    else if (budget < 1) time = renewal
    else {
      const until = Math.min(renewal, window ? findClosing(window, time, timezone) : Number.POSITIVE_INFINITY)
      const most = Math.min(left, budget)
      const end = time + (most * second) / pace.perSecond
      const done = end <= until ? most : ((until - time) * pace.perSecond) / second
      time = Math.min(end, until)
      left -= done
      budget -= done
    }
  }
  return undefined
}

/** Full minutes: what is told does not change with every look. */
export function toMinute(time: number): number {
  return Math.ceil(time / minute) * minute
}

function findOpening({ from, to }: DayWindow, time: number, timezone: string): number {
  return findClosing({ from: to, to: from }, time, timezone)
}

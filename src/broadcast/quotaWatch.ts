import { minute, toShanghaiDayStart } from '../base/duration.ts'
import type { BroadcastChange, BroadcastPause, BroadcastRow } from '../db/broadcasts/broadcasts.ts'
import { sendPath } from '../health/probe.ts'
import type { WechatApi } from '../wechat/api.ts'
import { goesOn } from './start.ts'

interface QuotaWatchDeps {
  api: Pick<WechatApi, 'getQuota'>
  change(row: BroadcastRow, next: BroadcastChange): Promise<boolean>
  pause(row: BroadcastRow, reason: BroadcastPause, detail: string): Promise<void>
}

const interval = minute
/** Of the sends of a day, kept for single pushes. */
const reserve = 0.1

/** Has no more handed out than the quota allows, less what is kept for single pushes; asks again now and then. */
export function createQuotaWatch({ api, change, pause }: QuotaWatchDeps) {
  const askAt = new Map<string, number>()

  return { keep, forget: (id: string) => askAt.delete(id) }

  /** True when it changed the broadcast. */
  async function keep(row: BroadcastRow, now: number): Promise<boolean> {
    const isPaused = row.reason === 'quota'
    if (row.status !== 'running' && !isPaused) return false
    const isUsedUp = row.cap !== null && row.handedOut >= row.cap
    if (now < (askAt.get(row.id) ?? 0) && !(isUsedUp && !isPaused)) return false
    askAt.set(row.id, now + interval)
    const left = await findLeft()
    if (left === undefined)
      return row.cap !== null && change(row, isPaused ? { ...goesOn, cap: null } : { cap: null })
    if (left > 0) return change(row, { ...(isPaused && goesOn), cap: row.handedOut + left })
    const renewal = toShanghaiDayStart(now) + minute
    askAt.set(row.id, Math.min(now + 10 * minute, now < renewal ? renewal : Number.POSITIVE_INFINITY))
    if (isPaused) return false
    await pause(
      row,
      'quota',
      'the sends of today are used up but for those kept for single pushes: goes on after midnight',
    )
    return true
  }

  /** Undefined when WeChat does not say. */
  async function findLeft(): Promise<number | undefined> {
    try {
      const { dailyLimit, remain } = await api.getQuota(sendPath)
      return remain - Math.ceil(dailyLimit * reserve)
    } catch {
      return undefined
    }
  }
}

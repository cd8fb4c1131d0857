import { minute, toShanghaiDayStart } from '../../base/duration.ts'
import { say } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { Broadcasts } from '../../db/broadcasts/broadcasts.ts'
import type { BroadcastChange, BroadcastPause, BroadcastRow } from '../../db/broadcasts/row.ts'
import type { WechatApi } from '../../wechat/api.ts'
import { resumed } from '../start.ts'
import { findQuota, withoutReserve } from './quota.ts'

interface QuotaWatchDeps {
  broadcasts: Pick<Broadcasts, 'listOpen' | 'openWork'>
  api: Pick<WechatApi, 'getQuota'>
  change(row: BroadcastRow, next: BroadcastChange): Promise<boolean>
  pause(row: BroadcastRow, reason: BroadcastPause, detail: string): Promise<void>
}

const interval = minute

/** Has no more handed out than the quota allows, less what is kept for single pushes; asks again now and then. */
export function createQuotaWatch({ broadcasts, api, change, pause }: QuotaWatchDeps) {
  const askAt = new Map<string, number>()
  /** The day that WeChat last spoke of. */
  const toldOn = new Map<string, number>()

  return {
    keep,
    forget(id: string): void {
      askAt.delete(id)
      toldOn.delete(id)
    },
  }

  /** True when it changed the broadcast. */
  async function keep(row: BroadcastRow, now: number): Promise<boolean> {
    const isPaused = row.reason === 'quota'
    if (row.status !== 'running' && !isPaused) return false
    const isUsedUp = row.cap !== null && row.handedOut >= row.cap
    if (now < (askAt.get(row.id) ?? 0) && !(isUsedUp && !isPaused)) return false
    askAt.set(row.id, now + interval)
    // First, so that WeChat may have counted more of it, never less.
    const { sharers, underWay } = await findShare()
    const quota = await findQuota(api)
    const today = toShanghaiDayStart(now)
    if (quota === undefined) return keepUntold(row, today)
    toldOn.set(row.id, today)
    const { dailyLimit, remain } = quota
    const left = withoutReserve(remain, dailyLimit)
    const own = Math.floor((left - underWay) / sharers)
    if (own > 0) return change(row, { ...(isPaused && resumed), cap: row.handedOut + own, dailyLimit })
    // Nobody more until those are counted.
    if (left > 0 && underWay > 0 && !isPaused) return change(row, { cap: row.handedOut, dailyLimit })
    const renewal = today + minute
    askAt.set(row.id, Math.min(now + 10 * minute, now < renewal ? renewal : Number.POSITIVE_INFINITY))
    if (isPaused) return false
    await pause(row, 'quota', toStored(say('broadcast.quota')))
    return true
  }

  /** How many broadcasts share what is left, and how many sends of theirs WeChat may not have counted yet. */
  async function findShare(): Promise<{ sharers: number; underWay: number }> {
    const rows = await broadcasts.listOpen()
    const sharing = rows.filter(({ status, reason }) => status === 'running' || reason === 'quota')
    const works = await Promise.all(sharing.map(({ no }) => broadcasts.openWork(no)))
    return {
      sharers: Math.max(1, sharing.length),
      underWay: works.reduce((sum, { inFlight }) => sum + inFlight, 0),
    }
  }

  /** What WeChat said holds for that day, so that a call that fails frees nothing that is kept for single pushes. */
  async function keepUntold(row: BroadcastRow, today: number): Promise<boolean> {
    const told = toldOn.get(row.id) ?? today
    toldOn.set(row.id, told)
    if (told === today) return false
    if (row.reason === 'quota') return change(row, { ...resumed, cap: null })
    return row.cap !== null && change(row, { cap: null })
  }
}

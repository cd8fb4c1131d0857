import { isOpenAt, parseWindow } from '../base/dayWindow.ts'
import type { Log } from '../base/log.ts'
import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastChange, BroadcastPause, BroadcastRow } from '../db/broadcasts/row.ts'
import type { BroadcastAlert } from '../health/alertText.ts'
import type { WechatApi } from '../wechat/api.ts'
import { createBroadcastAlerts } from './alerts.ts'
import { checkCanary } from './canary.ts'
import { findFailureShare, toFailureDetail } from './failures.ts'
import { createMeter } from './pace/meter.ts'
import { createQuotaWatch } from './pace/quotaWatch.ts'
import { resumed, start } from './start.ts'

export interface LeaderDeps {
  broadcasts: Broadcasts
  api: Pick<WechatApi, 'getQuota'>
  timezone: string
  alert(change: BroadcastAlert): void
  isStopped(): boolean
  log: Log
}

/**
 * Followers looked at in one transaction, which the records of single pushes wait for (bench: broadcast.beside), and how long
 * a look writes them before the rest of it gets its turn.
 */
const rowsAtOnce = 500
const fillTime = 300

/** Moves broadcasts on: starts them, writes down who gets them, pauses and ends them. One process does it for each. */
export function createLeader(deps: LeaderDeps) {
  const { broadcasts } = deps
  const alerts = createBroadcastAlerts(deps)
  const quota = createQuotaWatch({ broadcasts, api: deps.api, change, pause })
  const meter = createMeter({ broadcasts, change })

  return {
    /** One look at one that is open. */
    async lead(row: BroadcastRow): Promise<void> {
      const now = Date.now()
      if (row.expiresAt !== null && row.expiresAt <= now) return finish(row, 'expired')
      if (row.status === 'scheduled') {
        if ((row.startAt ?? 0) <= now) await start(broadcasts, row, now)
        return
      }
      await fill(row)
      if (await moveOn(row, now)) return
      if (row.status === 'running') await meter.measure(row, now)
    },
    forget(id: string): void {
      quota.forget(id)
      meter.forget(id)
    },
    pause,
    checkFailures,
  }

  /** True when it is not what it was any more. */
  async function moveOn(row: BroadcastRow, now: number): Promise<boolean> {
    // What it was paused for keeps nobody waiting any more; whoever paused it by hand ends it by hand.
    if (row.status === 'paused' && row.reason !== 'manual' && !(await hasWork(row))) {
      await finish(row, null)
      return true
    }
    const window = keepWindow(row, deps.timezone, now)
    if (window && (await change(row, window))) return true
    if (await quota.keep(row, now)) return true
    const canary = await checkCanary(broadcasts, row, now)
    if (canary) {
      if ((await change(row, canary)) && row.status === 'paused') alerts.paused(row)
      return true
    }
    if (row.status !== 'running') return false
    if (await checkFailures(row)) return true
    if (!(await hasWork(row))) {
      await finish(row, null)
      return true
    }
    return false
  }

  /** True when it paused the broadcast. */
  async function checkFailures(row: BroadcastRow): Promise<boolean> {
    const share = findFailureShare(await broadcasts.recent(row.no))
    if (share <= row.maxFailures || !(await hasWork(row))) return false
    await pause(row, 'failures', toStored(toFailureDetail(share, await broadcasts.counts(row.no))))
    return true
  }

  async function hasWork(row: BroadcastRow): Promise<boolean> {
    if (await broadcasts.hasMore(row)) return true
    const { hasChunks, retries } = await broadcasts.openWork(row.no)
    return hasChunks || retries > 0
  }

  async function fill(row: BroadcastRow): Promise<void> {
    const until = Date.now() + fillTime
    while (!row.isFilled && row.startedAt !== null && Date.now() < until && !deps.isStopped()) {
      if (!(await broadcasts.fill(row, rowsAtOnce))) return
    }
  }

  async function pause(row: BroadcastRow, reason: BroadcastPause, detail: string): Promise<void> {
    // All that are in flight may come back with the same failure.
    if (row.status === 'paused' && row.reason === reason) return
    if (await change(row, { status: 'paused', reason, detail })) alerts.paused(row)
  }

  async function finish(row: BroadcastRow, reason: 'expired' | null): Promise<void> {
    const detail = reason === null ? null : toStored(say('broadcast.not_in_time'))
    const finished = { status: 'finished', reason, detail, finishedAt: Date.now(), perSecond: 0 } as const
    // Some may wait again since it was looked at.
    if (!(await change(row, finished, { isDone: reason === null }))) return
    quota.forget(row.id)
    meter.forget(row.id)
    alerts.finished(row, await broadcasts.counts(row.no))
  }

  async function change(
    row: BroadcastRow,
    next: BroadcastChange,
    options?: { isDone: boolean },
  ): Promise<boolean> {
    const isChanged = await broadcasts.change(row, next, options)
    if (isChanged) Object.assign(row, next)
    return isChanged
  }
}

/** What its window changes about it now. */
function keepWindow(row: BroadcastRow, timezone: string, now: number): BroadcastChange | undefined {
  if (row.window === null) return undefined
  const window = parseWindow(row.window)
  if (!window) return undefined
  const isOpen = isOpenAt(window, now, timezone)
  if (row.reason === 'window' && isOpen) return resumed
  if (row.status !== 'running' || isOpen) return undefined
  const detail = toStored(say('broadcast.window', { window: row.window }))
  return { status: 'paused', reason: 'window', detail }
}

import { minute, second, toShanghaiDayStart } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type {
  BroadcastChange,
  BroadcastPause,
  BroadcastRow,
  Broadcasts,
} from '../db/broadcasts/broadcasts.ts'
import type { BroadcastNews } from '../health/alertText.ts'
import { sendPath } from '../health/probe.ts'
import type { WechatApi } from '../wechat/api.ts'
import { checkCanary } from './canary.ts'
import { findFailureShare, toFailureDetail } from './failures.ts'
import { start } from './start.ts'
import { isOpenAt, parseWindow } from './window.ts'

export interface LeaderDeps {
  broadcasts: Broadcasts
  api: Pick<WechatApi, 'getQuota'>
  timezone: string
  alert(news: BroadcastNews): void
  isStopped(): boolean
  log: Log
}

/** Followers looked at in one transaction, and how long a look writes them before the rest of it gets its turn. */
const rowsAtOnce = 5_000
const fillTime = 300
const quotaInterval = minute
/** Of the sends of a day, kept for single pushes. */
const reserve = 0.1

/** What this process remembers of one that it leads. */
interface Memory {
  quotaAt: number
  samples: { at: number; ended: number }[]
}

/** Moves broadcasts on: starts them, writes down who gets them, pauses and ends them. One process does it for each. */
export function createLeader(deps: LeaderDeps) {
  const { broadcasts, log } = deps
  const memories = new Map<string, Memory>()

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
      if (row.status === 'running') await measure(row, now)
    },
    forget: (id: string) => memories.delete(id),
    pause,
    checkFailures,
  }

  /** True when it is not what it was any more. */
  async function moveOn(row: BroadcastRow, now: number): Promise<boolean> {
    if (await keepWindow(row, now)) return true
    if (await keepQuota(row, now)) return true
    const canary = await checkCanary(broadcasts, row, now)
    if (canary) return (await change(row, canary)) || true
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
    if (share <= row.maxFailures) return false
    await pause(row, 'failures', toFailureDetail(share, await broadcasts.counts(row.no)))
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

  async function keepWindow(row: BroadcastRow, now: number): Promise<boolean> {
    const window = row.window === null ? undefined : parseWindow(row.window)
    if (!window) return false
    const isOpen = isOpenAt(window, now, deps.timezone)
    if (row.status === 'running' && !isOpen) {
      return change(row, {
        status: 'paused',
        reason: 'window',
        detail: `goes on in the window ${row.window}`,
      })
    }
    if (row.reason === 'window' && isOpen) return change(row, running)
    return false
  }

  /** Hands out no more than the quota allows, less what is kept for single pushes; asks again now and then. */
  async function keepQuota(row: BroadcastRow, now: number): Promise<boolean> {
    const isPaused = row.reason === 'quota'
    if (row.status !== 'running' && !isPaused) return false
    const memory = remember(row.id)
    const isUsedUp = row.cap !== null && row.handedOut >= row.cap
    if (now < memory.quotaAt && !(isUsedUp && !isPaused)) return false
    memory.quotaAt = now + quotaInterval
    const left = await findLeft()
    if (left === undefined)
      return row.cap !== null && change(row, isPaused ? { ...running, cap: null } : { cap: null })
    if (left > 0) return change(row, { ...(isPaused && running), cap: row.handedOut + left })
    const renewal = toShanghaiDayStart(now) + minute
    memory.quotaAt = Math.min(now + 10 * minute, now < renewal ? renewal : Number.POSITIVE_INFINITY)
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
      const { dailyLimit, remain } = await deps.api.getQuota(sendPath)
      return remain - Math.ceil(dailyLimit * reserve)
    } catch {
      return undefined
    }
  }

  async function measure(row: BroadcastRow, now: number): Promise<void> {
    const { samples } = remember(row.id)
    const last = samples.at(-1)
    if (last && now - last.at < second) return
    const counts = await broadcasts.counts(row.no)
    const ended = counts.reduce((sum, { total }) => sum + total, 0)
    samples.push({ at: now, ended })
    if (samples.length > 10) samples.shift()
    const [first] = samples
    if (!first || first.at === now) return
    const perSecond = Math.round(((ended - first.ended) * 10 * second) / (now - first.at)) / 10
    if (perSecond !== row.perSecond) await change(row, { perSecond: Math.max(0, perSecond) })
  }

  async function pause(row: BroadcastRow, reason: BroadcastPause, detail: string): Promise<void> {
    if (!(await change(row, { status: 'paused', reason, detail }))) return
    log.warn({ broadcast: row.id, reason }, `broadcast paused: ${detail}`)
    deps.alert({ kind: 'broadcast_paused', broadcast: row.id, name: row.name, reason, detail })
  }

  async function finish(row: BroadcastRow, reason: 'expired' | null): Promise<void> {
    const detail = reason === null ? null : 'who was not sent to in time was skipped'
    const finished = { status: 'finished', reason, detail, finishedAt: Date.now(), perSecond: 0 } as const
    if (!(await change(row, finished))) return
    memories.delete(row.id)
    const counts = await broadcasts.counts(row.no)
    const accepted = counts
      .filter(({ status }) => status === 'sent' || status === 'delivered' || status === 'undelivered')
      .reduce((sum, { total }) => sum + total, 0)
    log.info({ broadcast: row.id, selected: row.selected, accepted, reason }, 'broadcast finished')
    deps.alert({
      kind: 'broadcast_finished',
      broadcast: row.id,
      name: row.name,
      selected: row.selected,
      accepted,
    })
  }

  async function change(row: BroadcastRow, next: BroadcastChange): Promise<boolean> {
    const isChanged = await broadcasts.change(row, next)
    if (isChanged) Object.assign(row, next)
    return isChanged
  }

  function remember(id: string): Memory {
    const memory = memories.get(id) ?? { quotaAt: 0, samples: [] }
    memories.set(id, memory)
    return memory
  }
}

const running = { status: 'running', reason: null, detail: null } as const

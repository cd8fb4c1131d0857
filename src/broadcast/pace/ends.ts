import { parseWindow } from '../../base/dayWindow.ts'
import { second } from '../../base/duration.ts'
import type { BroadcastRow } from '../../db/broadcasts/row.ts'
import type { Quota } from '../../wechat/types.ts'
import { estimateEnd, toMinute } from './estimate.ts'
import { withoutReserve } from './quota.ts'

/** How fast an account sends; 0 and null = no limit. */
export interface AccountPace {
  config: { timezone: string; pushConcurrency: number; pushRate: number }
  rate: number | null
}

/** What a send takes where nothing was measured yet. */
const assumedSendMs = 100

/** When one that is not written down yet would end, epoch milliseconds in full minutes; null = not known. */
export function planEnd(
  sends: number,
  { startAt, expiresAt, ...row }: Pick<BroadcastRow, 'startAt' | 'expiresAt' | 'rate' | 'window'>,
  quota: Quota | undefined,
  account: AccountPace,
  now = Date.now(),
): number | null {
  const allowed = quota && {
    today: withoutReserve(quota.remain, quota.dailyLimit),
    daily: withoutReserve(quota.dailyLimit, quota.dailyLimit),
  }
  const perSecond = assumePerSecond(row.rate, account)
  return toEnd(sends, { ...row, startAt, expiresAt }, { perSecond, quota: allowed }, account, now)
}

/** When one that has so many to go will have ended, as planEnd; also null when it waits for a person, or is over. */
export function findEnd(
  waiting: number,
  row: BroadcastRow,
  { status, reason }: { status: BroadcastRow['status']; reason: string | null },
  account: AccountPace,
  now = Date.now(),
): number | null {
  const goesOnByItself = status !== 'paused' || reason === 'quota' || reason === 'window'
  if (status === 'finished' || status === 'cancelled' || waiting === 0 || !goesOnByItself) return null
  const { dailyLimit, cap, handedOut } = row
  const quota =
    dailyLimit === null
      ? undefined
      : {
          today: toLeftToday(reason, cap, handedOut, dailyLimit),
          daily: withoutReserve(dailyLimit, dailyLimit),
        }
  const hasBegun = waiting < row.selected
  const perSecond = row.perSecond > 0 ? row.perSecond : hasBegun ? 0 : assumePerSecond(row.rate, account)
  return toEnd(waiting, row, { perSecond, quota }, account, now)
}

function toLeftToday(
  reason: string | null,
  cap: number | null,
  handedOut: number,
  dailyLimit: number,
): number {
  if (reason === 'quota') return 0
  return cap === null ? withoutReserve(dailyLimit, dailyLimit) : cap - handedOut
}

function toEnd(
  sends: number,
  { startAt, expiresAt, window }: Pick<BroadcastRow, 'startAt' | 'expiresAt' | 'window'>,
  { perSecond, quota }: { perSecond: number; quota: { today: number; daily: number } | undefined },
  { config: { timezone } }: AccountPace,
  now: number,
): number | null {
  const hours = window === null ? undefined : parseWindow(window)
  const end = estimateEnd(sends, now, startAt ?? now, { perSecond, window: hours, timezone, quota })
  if (end === undefined) return expiresAt
  return toMinute(Math.min(end, expiresAt ?? end))
}

function assumePerSecond(own: number | null, { config, rate }: AccountPace): number {
  const limits = [own, rate, config.pushRate].filter((limit) => limit !== null && limit > 0)
  return Math.min((config.pushConcurrency * second) / assumedSendMs, ...limits.map(Number))
}

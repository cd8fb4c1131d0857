import { minute, second } from '../base/duration.ts'
import { toIso } from '../base/time.ts'
import type { AccountStateRow } from '../db/accountState.ts'
import type { BroadcastCount } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastRow, BroadcastStatus } from '../db/broadcasts/row.ts'
import { isQuota } from '../health/probe.ts'
import { type FinalStatus, finalStatuses } from '../push/status.ts'
import { findRest } from '../push/toRecipientRecord.ts'
import { type AccountPace, findEnd } from './pace/ends.ts'
import { toMinute } from './pace/estimate.ts'

/** What `create`, `show` and `list` tell; times are ISO 8601, what is not known is null. */
export interface Broadcast {
  id: string
  name: string | null
  account: string
  templateId: string
  status: BroadcastStatus
  /** Why it is paused, also when that is its account, or `expired`. */
  reason: string | null
  detail: string | null
  audience: { all: true } | { tag?: number; scene?: string; since?: string } | { file: string }
  /** `selected` is the sum of the others. */
  counts: { selected: number; waiting: number } & Record<FinalStatus, number>
  reasons: Record<string, number>
  /** Sends per second: what is allowed at most, null = as the account may, and outcomes of late. */
  rate: { limit: number | null; perSecond: number }
  /** Null when it is not known. */
  etaSeconds: number | null
  /** About when it ends, in full minutes, with its hours, its rate and the quota of the days; null = not known, or over. */
  endsAt: string | null
  canary: {
    share: string
    size: number | null
    sent: number
    delivered: number
    undelivered: number
    state: 'running' | 'waiting' | 'passed'
  } | null
  createdAt: string
  startAt: string | null
  startedAt: string | null
  finishedAt: string | null
}

/** By counts that are kept, however many recipients there are. */
export function toBroadcast(
  accountName: string,
  row: BroadcastRow,
  counts: readonly BroadcastCount[],
  account: Pick<AccountStateRow, 'pausedReason' | 'pausedDetail' | 'rate'> | undefined,
  config: AccountPace['config'],
): Broadcast {
  const totals = toTotals(row, counts)
  const { status, reason, detail } = toState(row, account)
  const { waiting } = totals.counts
  const endsAt = findEnd(waiting, row, { status, reason }, { config, rate: account?.rate ?? null })
  return {
    id: row.id,
    name: row.name,
    account: accountName,
    templateId: row.templateId,
    ...{ status, reason, detail },
    audience: toAudience(row),
    ...totals,
    rate: { limit: row.rate, perSecond: row.perSecond },
    etaSeconds: toEta(waiting, status, row.perSecond, endsAt),
    endsAt: toIso(endsAt),
    canary: toCanary(row, counts),
    createdAt: toIso(row.createdAt),
    startAt: toIso(row.startAt),
    startedAt: toIso(row.startedAt),
    finishedAt: toIso(row.finishedAt),
  }
}

/** How many recipients have come to what. */
export function toTotals(
  row: BroadcastRow,
  counts: readonly BroadcastCount[],
): Pick<Broadcast, 'counts' | 'reasons'> {
  const byStatus = { sent: 0, delivered: 0, undelivered: 0, rejected: 0, skipped: 0, unknown: 0 }
  const reasons: Record<string, number> = {}
  for (const { status, reason, total } of counts) {
    byStatus[status] += total
    if (reason !== null && total > 0) reasons[reason] = (reasons[reason] ?? 0) + total
  }
  const ended = finalStatuses.reduce((sum, status) => sum + byStatus[status], 0)
  const selected = Math.max(row.selected, row.isFilled ? 0 : row.filled, ended)
  const rest = findRest(row)
  const waiting = selected - ended
  if (rest === undefined || waiting === 0) return { counts: { selected, waiting, ...byStatus }, reasons }
  return {
    counts: { selected, waiting: 0, ...byStatus, skipped: byStatus.skipped + waiting },
    reasons: { ...reasons, [rest]: (reasons[rest] ?? 0) + waiting },
  }
}

/** A broadcast waits while its account is paused, and goes on with it. */
function toState(
  { status, reason, detail }: BroadcastRow,
  account: Pick<AccountStateRow, 'pausedReason' | 'pausedDetail'> | undefined,
): Pick<Broadcast, 'status' | 'reason' | 'detail'> {
  const pausedBy = account?.pausedReason
  if (status !== 'running' || !pausedBy) return { status, reason, detail }
  return { status: 'paused', reason: isQuota(pausedBy) ? 'quota' : pausedBy, detail: account.pausedDetail }
}

function toAudience({ audience }: BroadcastRow): Broadcast['audience'] {
  if (audience.kind === 'file') return { file: audience.name }
  const { tag, scene, since } = audience
  if (tag === undefined && scene === undefined && since === undefined) return { all: true }
  return {
    ...(tag !== undefined && { tag }),
    ...(scene !== undefined && { scene }),
    ...(since !== undefined && { since: toIso(since) }),
  }
}

function toCanary(row: BroadcastRow, counts: readonly BroadcastCount[]): Broadcast['canary'] {
  if (row.canaryShare === null) return null
  const sum = (status: FinalStatus) =>
    counts
      .filter((entry) => entry.isCanary && entry.status === status)
      .reduce((total, entry) => total + entry.total, 0)
  return {
    share: row.canaryShare,
    size: row.canarySize,
    sent: sum('sent'),
    delivered: sum('delivered'),
    undelivered: sum('undelivered'),
    state: row.canaryState ?? 'running',
  }
}

/** By the present pace; where it waits for another hour or day, by when that lets it end. */
function toEta(
  waiting: number,
  status: BroadcastStatus,
  perSecond: number,
  endsAt: number | null,
): number | null {
  if (waiting === 0) return 0
  if (perSecond <= 0) return null
  const atPace = Math.ceil(waiting / perSecond)
  if (endsAt === null) return status === 'running' ? atPace : null
  const untilThen = Math.round(toMinute(endsAt - Date.now()) / second)
  return status === 'running' && untilThen - atPace <= 2 * (minute / second) ? atPace : untilThen
}

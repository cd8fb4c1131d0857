import { minute } from '../base/duration.ts'
import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastChange, BroadcastRow } from '../db/broadcasts/row.ts'
import { findFailureShare, toFailureDetail } from './failures.ts'

/** How long receipts are waited for, and the share of those that came which has to say delivered. */
const patience = 10 * minute
const leastDelivered = 0.95

type CanaryStores = Pick<Broadcasts, 'counts' | 'findSeq' | 'hasMore' | 'openWork' | 'recent'>

/** What the first part of a broadcast, which is sent for a try, says about the rest; undefined = nothing new. */
export async function checkCanary(
  broadcasts: CanaryStores,
  row: BroadcastRow,
  now: number,
): Promise<BroadcastChange | undefined> {
  if (row.canaryState === 'running' && row.status === 'running') {
    return row.canaryTo === null ? findEnd(broadcasts, row) : pauseAfter(broadcasts, row, row.canaryTo, now)
  }
  if (row.reason === 'canary') return goOn(broadcasts, row, now)
  return undefined
}

async function findEnd(
  broadcasts: CanaryStores,
  { no, canarySize, isFilled, filled }: BroadcastRow,
): Promise<BroadcastChange | undefined> {
  const size = canarySize ?? 0
  const canaryTo = await broadcasts.findSeq(no, isFilled ? Math.min(size, filled) : size)
  if (canaryTo !== undefined) return { canaryTo }
  return isFilled ? { canaryState: 'passed' } : undefined
}

async function pauseAfter(
  broadcasts: CanaryStores,
  row: BroadcastRow,
  canaryTo: number,
  now: number,
): Promise<BroadcastChange | undefined> {
  if (row.cursor < canaryTo) return undefined
  const { hasChunks, retries } = await broadcasts.openWork(row.no)
  if (hasChunks || retries > 0) return undefined
  if (!(await broadcasts.hasMore(row))) return { canaryState: 'passed', canaryAt: now }
  const share = findFailureShare(await broadcasts.recent(row.no), true)
  const waiting = { status: 'paused', canaryState: 'waiting', canaryAt: now } as const
  if (share > row.maxFailures) {
    const failures = toFailureDetail(share, await broadcasts.counts(row.no))
    return { ...waiting, reason: 'failures', detail: toStored(say('broadcast.canary_failed', { failures })) }
  }
  return { ...waiting, reason: 'canary', detail: toStored(say('broadcast.canary_done')) }
}

async function goOn(
  broadcasts: CanaryStores,
  row: BroadcastRow,
  now: number,
): Promise<BroadcastChange | undefined> {
  const counts = (await broadcasts.counts(row.no)).filter(({ isCanary }) => isCanary)
  const sum = (status: string) =>
    counts.filter((entry) => entry.status === status).reduce((total, entry) => total + entry.total, 0)
  const delivered = sum('delivered')
  const came = delivered + sum('undelivered')
  const isOver = sum('sent') === 0 || now - (row.canaryAt ?? now) >= patience
  if (!isOver || came === 0 || delivered < came * leastDelivered) return undefined
  return { status: 'running', reason: null, detail: null, canaryState: 'passed' }
}

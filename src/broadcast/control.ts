import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastChange, BroadcastRow } from '../db/broadcasts/row.ts'
import type { PushReason } from '../push/status.ts'

/** What a broadcast that is over answers, or one that nobody knows. */
export type ControlRefusal = { kind: 'not_found' } | { kind: 'over'; row: BroadcastRow }

/** Nobody would be sent to after `expiresAt`, in epoch milliseconds. */
export type RetryRefusal = ControlRefusal | { kind: 'expired'; expiresAt: number }

export type Controlled = { kind: 'done'; row: BroadcastRow } | ControlRefusal

/** Reasons that can pass by themselves, and those who did not follow. */
const retried: readonly PushReason[] = ['system_failed', 'freq_limit', 'retries_exhausted', 'not_following']

/** Stops the sends of a broadcast in every process within a second, until `resume`. */
export function pauseBroadcast(broadcasts: Broadcasts, id: string): Promise<Controlled> {
  return control(broadcasts, id, () => ({
    status: 'paused',
    reason: 'manual',
    detail: toStored(say('pause.by_person')),
  }))
}

/** Goes on, whatever it was paused for; the count of failures starts again, and a canary that waits has passed. */
export function resumeBroadcast(broadcasts: Broadcasts, id: string): Promise<Controlled> {
  return control(broadcasts, id, ({ status, startedAt, canaryState }) => {
    if (status !== 'paused') return undefined
    const hasStarted = startedAt !== null
    const canary = canaryState === 'waiting' ? ({ canaryState: 'passed' } as const) : {}
    return { status: hasStarted ? 'running' : 'scheduled', reason: null, detail: null, ...canary }
  })
}

/** Whoever was not sent to is skipped; sends under way end as they end. */
export function cancelBroadcast(broadcasts: Broadcasts, id: string): Promise<Controlled> {
  const finishedAt = Date.now()
  return control(broadcasts, id, () => ({
    status: 'cancelled',
    reason: null,
    detail: null,
    finishedAt,
    perSecond: 0,
  }))
}

/** Has those that failed for a reason that can pass wait again, or those with the given one; returns how many. */
export async function retryBroadcast(
  broadcasts: Broadcasts,
  id: string,
  reason: PushReason | undefined,
): Promise<{ kind: 'done'; retried: number } | RetryRefusal> {
  const row = await broadcasts.find(id)
  if (!row) return { kind: 'not_found' }
  if (row.status === 'cancelled') return { kind: 'over', row }
  const { expiresAt } = row
  if (expiresAt !== null && expiresAt <= Date.now()) return { kind: 'expired', expiresAt }
  const count = await broadcasts.retry(row, reason === undefined ? retried : [reason], Date.now())
  if (count > 0) await reopen(broadcasts, id)
  return { kind: 'done', retried: count }
}

async function reopen(broadcasts: Broadcasts, id: string): Promise<void> {
  for (;;) {
    const row = await broadcasts.find(id)
    if (row?.status !== 'finished') return
    const running = { status: 'running', reason: null, detail: null, finishedAt: null } as const
    if (await broadcasts.change(row, running, { forgetsRecent: true })) return
  }
}

/** Another process may change it at the same time, which is looked at then. */
async function control(
  broadcasts: Broadcasts,
  id: string,
  toChange: (row: BroadcastRow) => BroadcastChange | undefined,
): Promise<Controlled> {
  for (;;) {
    const row = await broadcasts.find(id)
    if (!row) return { kind: 'not_found' }
    if (row.status === 'cancelled' || row.status === 'finished') return { kind: 'over', row }
    const change = toChange(row)
    if (!change) return { kind: 'done', row }
    const forgetsRecent = change.status === 'running'
    if (await broadcasts.change(row, change, { forgetsRecent }))
      return { kind: 'done', row: { ...row, ...change } }
  }
}

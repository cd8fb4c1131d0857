import type { AccountStateRow } from '../db/sqlite/accountState.ts'
import { manualPause } from '../push/status.ts'
import type { QueueUnavailableError } from '../queue/unavailable.ts'
import { toIso } from './format.ts'
import type { Output } from './output.ts'

export type Paused = ReturnType<typeof toPaused>

/** As JSON has it; null = sending. */
export function toPaused(state: AccountStateRow | undefined) {
  if (!state?.pausedReason) return null
  const { pausedReason: reason, pausedDetail: detail, pausedSince, probeAt } = state
  return { reason, detail, since: toIso(pausedSince), probeAt: toIso(probeAt) }
}

export function toPausedText(
  { reason, detail, since, probeAt }: NonNullable<Paused>,
  formatTime: (iso: string | null) => string,
): string {
  const byItself =
    probeAt === null ? 'the next push tries whether it is over' : `next look ${formatTime(probeAt)}`
  const next = reason === manualPause ? 'until unionpush resume' : byItself
  return `paused since ${formatTime(since)}, ${next}\n${reason}: ${detail}`
}

export function remarkUnreachable(out: Output, error: QueueUnavailableError | undefined): void {
  if (error)
    out.remark(
      `${error.message}\nIt is on record all the same: workers keep to it as soon as they reach the queue.`,
    )
}

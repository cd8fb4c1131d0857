import type { Paused } from '../operations/paused.ts'
import { manualPause } from '../push/status.ts'
import type { QueueUnavailableError } from '../queue/unavailable.ts'
import type { Output } from './output.ts'

export function toPausedText(
  { reason, detail, since, probeAt }: Paused,
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

import { say } from '../base/sentences/sentence.ts'
import type { Paused } from '../operations/pauses/paused.ts'
import { manualPause } from '../push/status.ts'
import type { QueueUnavailableError } from '../queue/unavailable.ts'
import type { Output } from './output.ts'
import { phrase } from './text/phrase.ts'

export function toPausedText(
  { reason, detail, since, probeAt }: Paused,
  formatTime: (iso: string | null) => string,
): string {
  const byItself =
    probeAt === null ? say('status.nextPush') : say('status.nextLook', { time: formatTime(probeAt) })
  const next = reason === manualPause ? say('status.untilResume') : byItself
  return phrase('status.paused', { since: formatTime(since), next, reason, detail: detail ?? '' })
}

export function remarkUnreachable(out: Output, error: QueueUnavailableError | undefined): void {
  if (error) out.remark(phrase('pause.unreachable', { reason: error.sentence }))
}

import { type Sentence, say } from '../base/sentences/sentence.ts'
import type { BroadcastCount, RecentOutcomes } from '../db/broadcasts/broadcasts.ts'

/** Outcomes of which a share is told. */
const telling = 200

/** The share of failures among the last outcomes, if there are enough of them to tell, or `isEnough`. */
export function findFailureShare({ sends, receipts }: RecentOutcomes, isEnough = false): number {
  const shares = [sends, receipts].map((outcomes) =>
    outcomes.length >= telling || (isEnough && outcomes.length > 0)
      ? (outcomes.length - outcomes.replaceAll('x', '').length) / outcomes.length
      : 0,
  )
  return Math.max(...shares)
}

export function toFailureDetail(share: number, counts: readonly BroadcastCount[]): Sentence {
  const failed = counts.filter(({ status }) => status === 'rejected' || status === 'undelivered')
  const totals = new Map<string, number>()
  for (const { status, reason, total } of failed) {
    totals.set(reason ?? status, (totals.get(reason ?? status) ?? 0) + total)
  }
  const [commonest] = [...totals].sort(([, a], [, b]) => b - a)
  const percent = Math.round(share * 100)
  return commonest
    ? say('broadcast.failed_mostly', { percent, reason: commonest[0] })
    : say('broadcast.failed', { percent })
}

import * as z from 'zod'
import { day, hour, minute, toShanghaiDayStart } from '../../base/duration.ts'
import { toIso } from '../../base/time.ts'
import type { PushOutcome, PushRows } from '../../db/pushes.ts'
import { finalStatuses } from '../../push/status.ts'
import { count, isoTime } from '../values.ts'

const buckets = { minute, hour, day } as const
export const bucketSchema = z.enum(['minute', 'hour', 'day'])
const totals = z.strictObject({
  sent: count,
  delivered: count,
  undelivered: count,
  rejected: count,
  skipped: count,
  unknown: count,
})

export const outcomesSchema = z.strictObject({
  buckets: z.array(totals.extend({ at: isoTime.describe('when it begins') })),
  reasons: z.record(z.string(), count).describe('of all that have one'),
})
type Outcomes = z.infer<typeof outcomesSchema>

/** More than that no chart can show. */
export const mostBuckets = 2_000

interface OutcomesInput {
  /** Epoch milliseconds. */
  since: number
  until: number
  bucket: z.infer<typeof bucketSchema>
}

/** Days begin in Asia/Shanghai, as quotas do. */
export function countBuckets({ since, until, bucket }: OutcomesInput): number {
  const size = buckets[bucket]
  return Math.max(0, Math.ceil((until - toStart(since, size)) / size))
}

function toStart(at: number, size: number): number {
  return Math.floor((at + offset) / size) * size - offset
}

const offset = -toShanghaiDayStart(0)

/** How the pushes of these accounts ended, by when they did, also in steps in which none did. */
export async function loadOutcomes(
  accounts: readonly { pushes: Pick<PushRows, 'countOutcomes'> }[],
  { since, until, bucket }: OutcomesInput,
): Promise<Outcomes> {
  const size = buckets[bucket]
  const steps = { since, until, bucket: size, offset }
  const lists = await Promise.all(accounts.map(({ pushes }) => pushes.countOutcomes(steps)))
  const outcomes = lists.flat()
  const start = toStart(since, size)
  const none = Object.fromEntries(finalStatuses.map((status) => [status, 0]))
  const all = Array.from({ length: countBuckets({ since, until, bucket }) }, (_, n) => ({
    ...totals.parse(none),
    at: toIso(start + n * size),
  }))
  for (const { at, status, total } of outcomes) {
    const step = all[Math.round((at - start) / size)]
    if (step) step[status] += total
  }
  return { buckets: all.map(({ at, ...rest }) => ({ at, ...rest })), reasons: sumReasons(outcomes) }
}

function sumReasons(outcomes: readonly PushOutcome[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { reasons } of outcomes) {
    for (const [reason, total] of Object.entries(reasons)) sums[reason] = (sums[reason] ?? 0) + total
  }
  return sums
}

import * as z from 'zod'
import { toIso } from '../../base/time.ts'
import type { AccountStateRow } from '../../db/accountState.ts'
import { isoTime, nullableText } from '../values.ts'

/** Why nothing of an account is sent. */
export const pausedSchema = z.strictObject({
  reason: z.string(),
  detail: nullableText,
  since: isoTime.nullable(),
  /** When it is looked whether it may send again; null = a person has to resume it, or the next push tries. */
  probeAt: isoTime.nullable(),
})
export type Paused = z.infer<typeof pausedSchema>

/** Null = sending. */
export function toPaused(state: AccountStateRow | undefined): Paused | null {
  if (!state?.pausedReason) return null
  const { pausedReason: reason, pausedDetail: detail, pausedSince, probeAt } = state
  return { reason, detail, since: toIso(pausedSince), probeAt: toIso(probeAt) }
}

import * as z from 'zod'
import type { PushFilter } from '../db/pushes.ts'
import { pushReasons, pushStatuses } from '../push/status.ts'

const reasons = Object.values(pushReasons).flat()
const time = z.int().min(0)

/** Which pushes; times are epoch milliseconds. */
const pushFilterSchema = z.strictObject({
  unionid: z.string().optional(),
  openid: z.string().optional(),
  msgid: z.string().optional(),
  status: z.enum(pushStatuses).optional(),
  templateId: z.string().optional(),
  reason: z.enum(reasons).optional(),
  /** Asked for at this time or later. */
  since: time.optional(),
  /** Asked for before this time. */
  until: time.optional(),
  /** At most so many, the newest. */
  limit: z.int().min(1).optional(),
}) satisfies z.ZodType<PushFilter>

/** Of a broadcast its recipients, in the order of sending. */
export const historyFilterSchema = pushFilterSchema.extend({ broadcast: z.string().optional() })
export type HistoryFilter = z.infer<typeof historyFilterSchema>

/** Which of those that failed. */
export const failedFilterSchema = pushFilterSchema.omit({ status: true })
export type FailedFilter = z.infer<typeof failedFilterSchema>

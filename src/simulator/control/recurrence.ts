import type * as z from 'zod'
import { fields, filledText, share, wholeNumber } from './input.ts'
import type { Recurrence } from './script.ts'

/** The fields of a Recurrence. */
export const recurrence = {
  times: wholeNumber(1).optional(),
  after: wholeNumber(0).optional(),
  probability: share().optional(),
} satisfies Record<keyof Recurrence, z.ZodType>

/** Whom and which template a rule is about. */
export const subject = { openid: filledText.optional(), templateId: filledText.optional() }

export const match = fields(subject)

import * as z from 'zod'
import { toIso } from '../../base/time.ts'
import type { Audit } from '../../db/audit/audit.ts'
import { isoTime, nullableText } from '../values.ts'

export const auditEntrySchema = z.strictObject({
  at: isoTime,
  keyName: z.string(),
  role: z.string(),
  action: z.string(),
  account: nullableText,
  target: nullableText,
  detail: nullableText,
})
export type AuditAnswer = z.infer<typeof auditEntrySchema>

/** What was changed over HTTP since then (epoch milliseconds), newest first, at most `limit`. */
export async function* listAudit(
  audit: Pick<Audit, 'list'>,
  { since = 0, limit = Number.POSITIVE_INFINITY }: { since?: number | undefined; limit?: number | undefined },
): AsyncGenerator<AuditAnswer> {
  let left = limit
  for await (const { at, ...entry } of audit.list(since)) {
    if (left-- <= 0) return
    yield { at: toIso(at), ...entry }
  }
}

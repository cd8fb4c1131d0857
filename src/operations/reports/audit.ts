import * as z from 'zod'
import type { AccountName } from '../../base/accounts/accountName.ts'
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

interface AuditFilter {
  /** Epoch milliseconds. */
  since?: number | undefined
  limit?: number | undefined
  /** The only one whose changes are asked for; undefined = all changes, also those of several accounts at once. */
  account?: AccountName | undefined
}

/** What was changed over HTTP, newest first. */
export async function* listAudit(
  audit: Pick<Audit, 'list'>,
  { since = 0, limit = Number.POSITIVE_INFINITY, account: wanted }: AuditFilter,
): AsyncGenerator<AuditAnswer> {
  let left = limit
  for await (const { at, ...entry } of audit.list(since)) {
    // Before it had a name it was called by its AppID.
    if (wanted && ![wanted.name, wanted.appid].some((word) => word === entry.account)) continue
    if (left-- <= 0) return
    yield { at: toIso(at), ...entry }
  }
}

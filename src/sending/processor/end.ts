import { minute, second } from '../../base/duration.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { PushRow } from '../../db/pushes.ts'
import type { PushReason } from '../../push/status.ts'
import type { PushJob } from '../../queue/job.ts'

/** How a push ends without a call. */
export type Ending = { detail: Sentence } & (
  | { status: 'skipped'; reason: PushReason<'skipped'> }
  | { status: 'rejected'; reason: PushReason<'rejected'> }
  | { status: 'unknown'; reason: PushReason<'unknown'> }
)

/** WeChat sends one message per openid and client_msg_id within 10 minutes; a call takes up to 20 s to get there. */
const dedupeWindow = 10 * minute - 20 * second

/** Why there must not be another call; undefined = there may. */
export function findEnding(
  { expiresAt }: Pick<PushJob, 'expiresAt'>,
  { unknownSince, attempts }: Pick<PushRow, 'unknownSince' | 'attempts'>,
  maxAttempts: number,
): Ending | undefined {
  const now = Date.now()
  if (unknownSince !== null && now - unknownSince > dedupeWindow) {
    return { status: 'unknown', reason: 'ambiguous', detail: say('outcome.too_old') }
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    return { status: 'skipped', reason: 'expired', detail: say('outcome.expired') }
  }
  if (attempts >= maxAttempts) {
    const detail = say('outcome.tries_failed', { attempts })
    return { status: 'rejected', reason: 'retries_exhausted', detail }
  }
  return undefined
}

/** The final row of a push that ends without a call: what an earlier call may have brought about is not denied. */
export function toEnded(row: PushRow, { status, reason, detail }: Ending): PushRow {
  const ended = { ...row, finishedAt: Date.now() }
  return row.unknownSince === null
    ? { ...ended, status, reason, detail: toStored(detail) }
    : {
        ...ended,
        status: 'unknown',
        reason: 'ambiguous',
        detail: toStored(say('outcome.may_be_accepted', { why: detail })),
      }
}

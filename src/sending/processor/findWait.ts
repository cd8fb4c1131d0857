import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { type HeldPushes, isHeldPush } from '../../db/heldPushes.ts'
import type { PushRow } from '../../db/pushes.ts'
import type { PushJob } from '../../queue/job.ts'
import { toHeldFor } from './pushRow.ts'
import type { ResolvedRecipient } from './resolve.ts'

/** Whether a push would rather wait for its user to follow: one that may have been accepted is not called held. */
export function mayHold({ hold }: PushJob, { unknownSince }: PushRow): boolean {
  return hold === true && unknownSince === null
}

/** Whether a push may go to another account instead: one that may have been accepted here would reach its user twice. */
export function mayHandOver({ next = [] }: PushJob, { unknownSince }: PushRow): boolean {
  return next.length > 0 && unknownSince === null
}

/** What a push with this recipient has to wait for; undefined = nothing that waiting helps against. */
export async function findWait(
  held: Pick<HeldPushes, 'findFirst'>,
  push: PushJob,
  row: PushRow,
  recipient: ResolvedRecipient,
): Promise<Sentence | undefined> {
  switch (recipient.kind) {
    case 'follower': {
      const line = toHeldFor(recipient.ids, push)
      const isOvertaking = !isHeldPush(row) && (await held.findFirst(line)) !== undefined
      return isOvertaking ? say('outcome.others_first') : undefined
    }
    case 'nobody':
      return recipient.reason === 'not_following' || recipient.reason === 'unionid_pending'
        ? recipient.detail
        : undefined
    default:
      return recipient satisfies never
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../../base/duration.ts'
import { DatabaseError } from '../../db/databaseError.ts'
import type { PushRow, PushRows } from '../../db/pushes.ts'
import type { PushReason } from '../../push/status.ts'

interface RecordAcceptedDeps {
  pushes: Pick<PushRows, 'record' | 'recordSent'>
  /** A message is out and its record cannot be written yet. */
  onUnrecorded(error: DatabaseError): void
  /** Aborted when the worker can wait no longer. */
  signal: AbortSignal
}

/** What WeChat said of a message it has; where it told no msgid, also why. */
export type Accepted =
  | { msgid: string; reason: null; detail: null }
  | { msgid: null; reason: PushReason<'sent'>; detail: string }

const noRefusal = { errcode: null, errmsg: null, rid: null }

/** The message is out: from here on only a record of it keeps it from being sent again. */
export async function recordAccepted(
  { pushes, onUnrecorded, signal }: RecordAcceptedDeps,
  sending: PushRow,
  { msgid, reason, detail }: Accepted,
): Promise<void> {
  const { id, generation, attempts } = sending
  const sentAt = Date.now()
  for (;;) {
    try {
      if (msgid !== null && (await pushes.recordSent({ id, generation, attempts, msgid, sentAt }))) return
      // Without a msgid, or the database was exchanged for one that does not have the row.
      await pushes.record({
        ...sending,
        status: 'sent',
        ...(msgid !== null && noRefusal),
        msgid,
        reason,
        detail,
        unknownSince: null,
        sentAt,
        finishedAt: sentAt,
      })
      return
    } catch (error) {
      if (!(error instanceof DatabaseError) || signal.aborted) throw error
      onUnrecorded(error)
      await sleep(second, undefined, { signal }).catch(() => {})
    }
  }
}

import { isHeldPush } from '../../db/heldPushes.ts'
import type { PushRow } from '../../db/pushes.ts'
import { hasEnded } from '../../push/status.ts'
import { type Delivery, toHeldJobId } from './pushRow.ts'

interface Progress {
  /** What earlier tries of this message left, or the fresh row; undefined when there is nothing to do in this job. */
  row: PushRow | undefined
  /** Whose held push this job was to bring: the next one may go when it has ended. */
  recipient: string | undefined
  /** The push was handed over by this job, which may have ended before the next account had it. */
  handedOver: PushRow | undefined
}

/**
 * How far a push has come, by the row with its id. One that was held goes out by the job of its release alone: others
 * with its id, such as the one it was held in, leave it in its place.
 */
export function toProgress(found: PushRow | undefined, fresh: PushRow, { jobId }: Delivery): Progress {
  if (!found || found.generation < fresh.generation) {
    return { row: fresh, recipient: undefined, handedOver: undefined }
  }
  const heldFor = isHeldPush(found) ? found.heldFor : undefined
  const recipient = isHeldPush(found) && jobId === toHeldJobId(found) ? found.heldFor : undefined
  const isOwn = found.generation === fresh.generation && found.jobId === fresh.jobId
  const isOpen = found.generation === fresh.generation && !hasEnded(found)
  const row = isOpen && heldFor === recipient ? { ...found, jobId: fresh.jobId } : undefined
  return { row, recipient, handedOver: isOwn && found.reason === 'handed_over' ? found : undefined }
}

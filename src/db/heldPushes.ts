import type { PushRow } from './pushes.ts'

/** A user who follows now and for whom pushes are held. */
export interface PendingRelease {
  id: number
  /** As in `PushRow.heldFor`. */
  recipient: string
}

/** A push that was held at least once. */
export type HeldPush = PushRow & { heldFor: string; heldAt: number }

export interface HeldPushes {
  /**
   * Lets a push wait for its user to follow this account, or one of the `others`. False, and nothing written, when it has
   * come to an end elsewhere.
   */
  hold(push: HeldPush, others?: readonly string[]): Promise<boolean>
  /** The first of the pushes that were held for a user and have not come to an end. */
  findFirst(recipient: string): Promise<HeldPush | undefined>
  /** Users who began to follow, or followed when a push was held for them; oldest first. */
  findPendingReleases(limit: number): Promise<PendingRelease[]>
  dropPendingReleases(gone: readonly PendingRelease[]): Promise<void>
  /** Ends the held pushes that have expired, and returns how many; costs nothing when there are none. */
  expire(now: number): Promise<number>
  count(): Promise<number>
}

export function isHeldPush(row: PushRow): row is HeldPush {
  return row.heldFor !== null && row.heldAt !== null
}

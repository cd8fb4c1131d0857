import type { PushRow } from '../../db/pushes.ts'
import type { PushJob } from '../../queue/job.ts'

/** What the tables know of other accounts. */
export interface OtherAccounts {
  isFollowed(appid: string, unionid: string): Promise<boolean>
  hasPush(appid: string, id: string): Promise<boolean>
}

interface OtherAccountsDeps {
  otherAccounts: OtherAccounts
}

/** An id counts for a whole list: one that a later account has came there by a list in another order, and has its record. */
export async function isKnownNext(
  { otherAccounts }: OtherAccountsDeps,
  { id, next = [] }: PushJob,
  { generation, attempts, heldAt }: PushRow,
): Promise<boolean> {
  if (generation > 0 || attempts > 0 || heldAt !== null) return false
  for (const { appid } of next) if (await otherAccounts.hasPush(appid, id)) return true
  return false
}

export async function isFollowedNext(
  { otherAccounts }: OtherAccountsDeps,
  { next = [] }: PushJob,
  unionid: string | null,
): Promise<boolean> {
  if (unionid === null) return false
  for (const { appid } of next) if (await otherAccounts.isFollowed(appid, unionid)) return true
  return false
}

import type { AccountName } from '../base/accounts/accountName.ts'
import type { PushRows } from '../db/pushes.ts'
import type { PushRecord } from '../push/record.ts'
import { toPushRecord } from '../push/toPushRecord.ts'
import { findWay, toEnd } from './accounts/way.ts'
import { findRecipientRecord, type RecipientDeps } from './broadcasts/recipients.ts'
import type { QueuedPushes } from './queuedPushes.ts'

interface FindPushDeps extends RecipientDeps {
  pushes: Pick<PushRows, 'find'>
  queued: Pick<QueuedPushes, 'find'>
}

/**
 * What is known of a push or of a recipient of a broadcast, in the tables or in the queue; undefined = nothing. Rejects with QueueUnavailableError when it
 * is not in the table.
 */
export async function findPush(
  { pushes, queued, ...account }: FindPushDeps,
  id: string,
): Promise<PushRecord | undefined> {
  const kept = await pushes.find(id)
  const recipient = kept ? undefined : await findRecipientRecord(account, id)
  if (recipient) return recipient
  // The table once more, because a push that was in neither may have moved from the queue to the table in between.
  const row = kept ?? (await queued.find(id)) ?? (await pushes.find(id))
  return row && toPushRecord(row, account.name)
}

/** With `way` where a push was offered to several accounts: its records in their order, the last of which this is. */
export interface ShownPush extends PushRecord {
  way?: readonly PushRecord[]
}

/** The same in whichever account has it. Rejects with AmbiguousPushError too. */
export async function findPushAmong(
  accounts: readonly (AccountName & FindPushDeps)[],
  id: string,
): Promise<ShownPush | undefined> {
  const way = await findWay(accounts, id, (account) => findPush(account, id))
  if (!way) return undefined
  return way.length > 1 ? { ...toEnd(way), way } : way[0]
}

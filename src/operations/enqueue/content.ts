import type { AccountName } from '../../base/accounts/accountName.ts'
import { isObject } from '../../base/isObject.ts'
import type { PushRow, PushRows } from '../../db/pushes.ts'
import type { Destination } from '../../push/destinations.ts'
import { toPushJob } from '../../push/toJob.ts'
import type { PushJob } from '../../queue/job.ts'
import { toPush } from '../../sending/processor/pushRow.ts'
import type { QueuedPushes } from '../queuedPushes.ts'

/** Where pushes with an id are looked for. */
export interface KnownPushes extends AccountName {
  pushes: Pick<PushRows, 'find'>
  queued: Pick<QueuedPushes, 'findRemembered'>
}

/** A message under an id, as it would be queued, in the account that it goes to first. */
export interface IdentifiedPush {
  id: string
  account: AccountName
  content: string
}

/** Undefined when the caller gives no id: then nothing can be the same push. */
export function toIdentified([first, ...next]: readonly [Destination, ...Destination[]]):
  | IdentifiedPush
  | undefined {
  const { account, message } = first
  if (message.id === undefined) return undefined
  return { id: message.id, account, content: toContent(toPushJob(message, next, message.id, 0)) }
}

/** All that the caller said, as JSON in which the order of keys means nothing. */
export function toContent({ v: _, id: __, createdAt: ___, generation: ____, ...said }: PushJob): string {
  return JSON.stringify(said, (_, value: unknown) =>
    isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  )
}

/**
 * Whether the push that is known under the id says the same; undefined = none is known. Both the record and the job hold
 * the whole message, so nothing needs to be kept for this.
 */
export async function isSame(
  accounts: readonly KnownPushes[],
  { id, account: { appid }, content }: IdentifiedPush,
): Promise<boolean | undefined> {
  const account = accounts.find((known) => known.appid === appid)
  if (!account) return undefined
  const { pushes, queued } = account
  // The table once more, because the push may have moved there in between.
  const row = (await pushes.find(id)) ?? (await queued.findRemembered(id)) ?? (await pushes.find(id))
  return row && isSaid(row, content)
}

/** The same of those that have a record. */
export async function isSameRecorded(
  accounts: readonly KnownPushes[],
  { id, account: { appid }, content }: IdentifiedPush,
): Promise<boolean | undefined> {
  const row = await accounts.find((known) => known.appid === appid)?.pushes.find(id)
  return row && isSaid(row, content)
}

function isSaid(row: PushRow, content: string): boolean {
  const push = toPush(row)
  return push !== undefined && toContent(push) === content
}

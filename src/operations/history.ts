import type { PushRow, PushRows } from '../db/pushes.ts'
import type { PushRecord } from '../push/record.ts'
import { toPushRecord } from '../push/toPushRecord.ts'
import { mergeNewest } from './accounts/mergeNewest.ts'
import { listRecipients, listUserRecipients, type RecipientDeps } from './broadcasts/recipients.ts'
import type { HistoryFilter } from './pushFilter.ts'
import type { QueuedPushes } from './queuedPushes.ts'

interface HistoryDeps extends RecipientDeps {
  pushes: Pick<PushRows, 'history'>
  queued: Pick<QueuedPushes, 'list'>
}

/**
 * Pushes, newest first, however many. Only those asked for by the status `queued` may be in the queue alone, and then it
 * rejects with QueueUnavailableError when that cannot be asked.
 */
export function listPushes(
  { name, pushes, queued }: HistoryDeps,
  filter: HistoryFilter,
): AsyncGenerator<PushRecord> {
  return toRecords(filter.status === 'queued' ? queued.list(filter) : pushes.history(filter), name)
}

/** The same of several accounts, whose lists become one; of a broadcast its recipients, of a user also what broadcasts brought. Rejects with BroadcastError too. */
export function listPushesOf(
  accounts: readonly HistoryDeps[],
  filter: HistoryFilter,
): AsyncGenerator<PushRecord> {
  if (filter.broadcast !== undefined) return listRecipients(accounts, filter.broadcast, filter)
  return mergeNewest(
    accounts.flatMap((account) => [
      listPushes(account, filter),
      iterate(listUserRecipients(account, filter)),
    ]),
    filter.limit,
  )
}

async function* iterate<T>(items: Promise<T[]>): AsyncGenerator<T> {
  yield* await items
}

export async function* toRecords(rows: AsyncIterable<PushRow>, account: string): AsyncGenerator<PushRecord> {
  for await (const row of rows) yield toPushRecord(row, account)
}

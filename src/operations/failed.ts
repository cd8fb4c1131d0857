import type { PushRow, PushRows } from '../db/pushes.ts'
import type { PushRecord } from '../push/record.ts'
import { failedStatuses } from '../push/status.ts'
import { mergeNewest } from './accounts/mergeNewest.ts'
import { listFailedRecipients, type RecipientDeps } from './broadcasts/recipients.ts'
import { toRecords } from './history.ts'
import type { FailedFilter } from './pushFilter.ts'

interface FailedDeps {
  pushes: Pick<PushRows, 'history'>
}

type NamedFailedDeps = FailedDeps & RecipientDeps

/** Pushes and recipients of broadcasts of these accounts that should have reached their user and did not, newest first. */
export function listFailed(
  accounts: readonly NamedFailedDeps[],
  filter: FailedFilter,
): AsyncGenerator<PushRecord> {
  const lists = accounts.flatMap((account) => [
    toRecords(findFailed(account, filter), account.name),
    listFailedRecipients(account, filter),
  ])
  return mergeNewest(lists, filter.limit)
}

/** How many pushes failed for which reason; those of broadcasts are sent again by their broadcast. */
export async function countFailed(
  accounts: readonly FailedDeps[],
  filter: FailedFilter,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const rows = mergeNewest(
    accounts.map((account) => findFailed(account, filter)),
    filter.limit,
  )
  for await (const { status, reason } of rows) {
    const key = reason ?? status
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** The history has one status at a time, so its lists are merged. */
export function findFailed({ pushes }: FailedDeps, filter: FailedFilter): AsyncGenerator<PushRow> {
  return mergeNewest(
    failedStatuses.map((status) => pushes.history({ ...filter, status })),
    filter.limit,
  )
}

import type { PushRow, PushRows } from '../db/pushes.ts'
import type { PushRecord } from '../push/record.ts'
import { type FailedStatus, failedStatuses } from '../push/status.ts'
import { mergeNewest } from './accounts/mergeNewest.ts'
import { listFailedRecipients, type RecipientDeps } from './broadcasts/recipients.ts'
import { toRecords } from './history.ts'
import { toUserFilters, type UserDeps } from './listing/userFilters.ts'
import type { FailedFilter } from './pushFilter.ts'

interface FailedDeps extends UserDeps {
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

/** Those with one of these statuses; the history has one at a time, so its lists are merged. */
export async function* findFailed(
  deps: FailedDeps,
  { statuses = failedStatuses, ...filter }: FailedFilter & { statuses?: readonly FailedStatus[] | undefined },
): AsyncGenerator<PushRow> {
  const filters = await toUserFilters(deps, filter)
  const lists = filters.flatMap((one) => statuses.map((status) => deps.pushes.history({ ...one, status })))
  yield* mergeNewest(lists, filter.limit)
}

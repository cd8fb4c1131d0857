import type { PushRow, PushRows } from '../db/pushes.ts'
import type { PushRecord } from '../push/record.ts'
import { failedStatuses } from '../push/status.ts'
import { mergeNewest } from './accounts/mergeNewest.ts'
import { toRecords } from './history.ts'
import type { FailedFilter } from './pushFilter.ts'

interface FailedDeps {
  pushes: Pick<PushRows, 'history'>
}

type NamedFailedDeps = FailedDeps & { name: string }

/** Pushes of these accounts that should have reached their user and did not, newest first. */
export function listFailed(
  accounts: readonly NamedFailedDeps[],
  filter: FailedFilter,
): AsyncGenerator<PushRecord> {
  const lists = accounts.map((account) => toRecords(findFailed(account, filter), account.name))
  return mergeNewest(lists, filter.limit)
}

/** How many of them failed for which reason. */
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

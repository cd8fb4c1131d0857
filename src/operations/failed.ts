import type { PushRow, PushRows } from '../db/pushes.ts'
import type { PushRecord } from '../push/record.ts'
import { failedStatuses } from '../push/status.ts'
import { toRecords } from './history.ts'
import type { FailedFilter } from './pushFilter.ts'

interface FailedDeps {
  pushes: Pick<PushRows, 'history'>
}

/** Pushes that should have reached their user and did not, newest first. */
export function listFailed(deps: FailedDeps, filter: FailedFilter): AsyncGenerator<PushRecord> {
  return toRecords(findFailed(deps, filter))
}

/** How many of them failed for which reason. */
export async function countFailed(deps: FailedDeps, filter: FailedFilter): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for await (const { status, reason } of findFailed(deps, filter)) {
    const key = reason ?? status
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

/** The history has one status at a time, so its lists are merged. */
export async function* findFailed({ pushes }: FailedDeps, filter: FailedFilter): AsyncGenerator<PushRow> {
  const lists = failedStatuses.map((status) => pushes.history({ ...filter, status }))
  let heads = (await Promise.all(lists.map(advance))).flat()
  for (let left = filter.limit ?? Number.POSITIVE_INFINITY; left > 0; left -= 1) {
    const [newest, ...others] = heads.sort((a, b) => b.row.createdAt - a.row.createdAt)
    if (newest === undefined) return
    yield newest.row
    heads = [...(await advance(newest.list)), ...others]
  }
}

async function advance(
  list: AsyncGenerator<PushRow>,
): Promise<{ row: PushRow; list: AsyncGenerator<PushRow> }[]> {
  const { done, value: row } = await list.next()
  return done ? [] : [{ row, list }]
}

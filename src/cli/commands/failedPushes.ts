import type { PushFilter, PushRow, PushRows } from '../../db/sqlite/pushes.ts'
import { failedStatuses } from '../../push/status.ts'

/** Failed pushes, newest first. */
export async function* listFailed(
  { history }: Pick<PushRows, 'history'>,
  filter: Omit<PushFilter, 'status'>,
): AsyncGenerator<PushRow> {
  const lists = failedStatuses.map((status) => history({ ...filter, status }))
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

/** Whether a push may be sent again when it is named: what WeChat may still deliver by itself only then. */
export function isRetriable({ status, reason }: Pick<PushRow, 'status' | 'reason'>): boolean {
  return failedStatuses.some((failed) => failed === status) || (status === 'sent' && reason !== null)
}

export async function countByReason(rows: AsyncIterable<PushRow>): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for await (const { status, reason } of rows) {
    const key = reason ?? status
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return counts
}

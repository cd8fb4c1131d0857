import { day } from '../../base/duration.ts'
import type { PostgresServer } from './server.ts'

/** What producers asked is answered long before. Failed jobs stay: each of them still gets its record. */
const keptFor = day
const batch = 10_000

/** Deletes what has run out in the queues of a PostgreSQL: BullMQ deletes an expired row only when its id is used again. */
export async function tidyQueues(query: PostgresServer['query'], now: number): Promise<void> {
  const time = Math.floor(now)
  await deleteWhere(query, 'dedup', 'expire_at_ms <= $1', time)
  await deleteWhere(query, 'job', "state = 'completed' AND finished_at_ms <= $1", time - keptFor)
}

/** In batches, because who deletes locks what he deletes. */
async function deleteWhere(
  query: PostgresServer['query'],
  table: string,
  condition: string,
  value: number,
): Promise<void> {
  const sql = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${batch} FOR UPDATE SKIP LOCKED))`
  for (;;) {
    const { rowCount } = await query(sql, [value])
    if ((rowCount ?? 0) < batch) return
  }
}

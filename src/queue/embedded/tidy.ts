import { createPostgresBackend } from 'bullmq'
import { day } from '../../base/duration.ts'
import { toConnection } from './embedded.ts'

/** What jobs come and go in. */
const tables = ['job', 'job_log', 'dedup', 'event', 'rate_limit']
/** What producers asked is answered long before. Failed jobs stay: each of them still gets its record. */
const keptFor = day

/**
 * Deletes what has run out in the embedded queue of `dir` and makes its space free for what comes: BullMQ deletes an
 * expired row only when its id is used again, and nothing else cleans up in a PostgreSQL that is a single process.
 */
export async function tidyQueue(dir: string): Promise<void> {
  // By a connection as all others have it, or its statements would mix with theirs.
  const { connection } = createPostgresBackend('tables', { connection: { ...toConnection(dir), max: 1 } })
  const run = (sql: string, values?: unknown[]) => connection.pool.query(sql, values)
  try {
    await connection.waitUntilReady()
    const now = Date.now()
    await run('DELETE FROM bullmq.dedup WHERE expire_at_ms <= $1', [now])
    await run("DELETE FROM bullmq.job WHERE state = 'completed' AND finished_at_ms <= $1", [now - keptFor])
    for (const table of tables) await run(`VACUUM bullmq.${table}`)
    // What the tables hold is no longer needed in the log.
    await run('CHECKPOINT')
  } finally {
    await connection.close()
  }
}

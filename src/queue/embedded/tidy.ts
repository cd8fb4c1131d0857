import type { PostgresConnection } from 'bullmq'
import { tidyQueues } from '../postgres/tidy.ts'

/** What jobs come and go in. */
const tables = ['job', 'job_log', 'dedup', 'event', 'rate_limit']

/**
 * Deletes what has run out in the embedded queue and makes its space free for what comes: nothing else cleans up in a
 * PostgreSQL that is a single process. By a connection as all others have it, or its statements would mix with theirs.
 */
export async function tidyEmbeddedQueue({ pool }: PostgresConnection): Promise<void> {
  await tidyQueues((sql, values) => pool.query(sql, values), Date.now())
  for (const table of tables) await pool.query(`VACUUM ${table}`)
  // What the tables hold is no longer needed in the log.
  await pool.query('CHECKPOINT')
}

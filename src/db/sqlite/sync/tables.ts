import { blob, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const syncRuns = sqliteTable(
  'sync_runs',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    appid: text('appid').notNull(),
    status: text('status', { enum: ['running', 'complete', 'interrupted', 'stopped'] }).notNull(),
    /** `--full`: every follower is fetched again. */
    full: integer('full', { mode: 'boolean' }).notNull(),
    /** next_openid of the page to ask for next; null = from the start. */
    cursor: text('cursor'),
    /** WeChat has named all followers; what is left is to mark those it did not name. */
    listed: integer('listed', { mode: 'boolean' }).notNull(),
    resumed: integer('resumed', { mode: 'boolean' }).notNull(),
    total: integer('total').notNull(),
    pages: integer('pages').notNull(),
    seen: integer('seen').notNull(),
    fetched: integer('fetched').notNull(),
    added: integer('added').notNull(),
    updated: integer('updated').notNull(),
    unsubscribed: integer('unsubscribed').notNull(),
    withoutUnionid: integer('without_unionid').notNull(),
    /** Entries of WeChat's lists that named nobody. */
    oddRows: integer('odd_rows').notNull().default(0),
    error: text('error'),
    startedAt: integer('started_at').notNull(),
    finishedAt: integer('finished_at'),
    /** Time spent at work, over all parts of the run. */
    durationMs: integer('duration_ms').notNull(),
  },
  (t) => [index('sync_runs_appid').on(t.appid, t.id)],
)

/** Which rows of `followers` an unfinished run saw and had no reason to write: bit n of chunk c is row c * chunk size + n. */
export const syncSeen = sqliteTable(
  'sync_seen',
  {
    runId: integer('run_id')
      .notNull()
      .references(() => syncRuns.id, { onDelete: 'cascade' }),
    chunk: integer('chunk').notNull(),
    bits: blob('bits', { mode: 'buffer' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.chunk] })],
)

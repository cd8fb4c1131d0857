import { bigint, boolean, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytea, number } from '../engine/columns.ts'

export const syncRuns = pgTable(
  'sync_runs',
  {
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    appid: text('appid').notNull(),
    status: text('status', { enum: ['running', 'complete', 'interrupted', 'stopped'] }).notNull(),
    /** `--full`: every follower is fetched again. */
    full: boolean('full').notNull(),
    /** next_openid of the page to ask for next; null = from the start. */
    cursor: text('cursor'),
    /** WeChat has named all followers; what is left is to mark those it did not name. */
    listed: boolean('listed').notNull(),
    resumed: boolean('resumed').notNull(),
    total: bigint('total', number).notNull(),
    pages: bigint('pages', number).notNull(),
    seen: bigint('seen', number).notNull(),
    fetched: bigint('fetched', number).notNull(),
    added: bigint('added', number).notNull(),
    updated: bigint('updated', number).notNull(),
    unsubscribed: bigint('unsubscribed', number).notNull(),
    withoutUnionid: bigint('without_unionid', number).notNull(),
    /** Entries of WeChat's lists that named nobody. */
    oddRows: bigint('odd_rows', number).notNull().default(0),
    error: text('error'),
    startedAt: bigint('started_at', number).notNull(),
    finishedAt: bigint('finished_at', number),
    /** Time spent at work, over all parts of the run. */
    durationMs: bigint('duration_ms', number).notNull(),
  },
  (t) => [index('sync_runs_appid').on(t.appid, t.id)],
)

/** Which rows of `followers` an unfinished run saw and had no reason to write: bit n of chunk c is row c * chunk size + n. */
export const syncSeen = pgTable(
  'sync_seen',
  {
    runId: bigint('run_id', number)
      .notNull()
      .references(() => syncRuns.id, { onDelete: 'cascade' }),
    chunk: integer('chunk').notNull(),
    bits: bytea('bits').notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.chunk] })],
)

import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One row while outcomes are told: the triggers below look for it. */
export const webhookEndpoint = sqliteTable('webhook_endpoint', {
  id: integer('id').primaryKey(),
  offAt: integer('off_at'),
  offDetail: text('off_detail'),
  succeededAt: integer('succeeded_at'),
})

/** What is to be told and was not tried yet; written by triggers on the tables that change. */
export const webhookChanges = sqliteTable('webhook_changes', {
  n: integer('n').primaryKey(),
  type: text('type').notNull(),
  appid: text('appid').notNull(),
  key: text('key'),
  data: text('data').notNull(),
  createdAt: integer('created_at'),
  sentAt: integer('sent_at'),
  finishedAt: integer('finished_at'),
  at: integer('at').notNull(),
})

/** What was tried and not taken. */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    body: text('body').notNull(),
    keys: text('keys').notNull(),
    attempts: integer('attempts').notNull(),
    firstAt: integer('first_at').notNull(),
    nextAt: integer('next_at'),
    lastError: text('last_error').notNull(),
  },
  (t) => [index('webhook_deliveries_next').on(t.nextAt).where(sql`${t.nextAt} is not null`)],
)

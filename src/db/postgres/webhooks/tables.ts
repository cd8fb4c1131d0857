import { sql } from 'drizzle-orm'
import { bigint, index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { number } from '../engine/columns.ts'

/** One row while outcomes are told: the triggers below look for it. */
export const webhookEndpoint = pgTable('webhook_endpoint', {
  id: integer('id').primaryKey(),
  offAt: bigint('off_at', number),
  offDetail: text('off_detail'),
  succeededAt: bigint('succeeded_at', number),
})

/** What is to be told and was not tried yet; written by triggers on the tables that change. */
export const webhookChanges = pgTable('webhook_changes', {
  n: bigint('n', number).primaryKey().generatedByDefaultAsIdentity(),
  type: text('type').notNull(),
  appid: text('appid').notNull(),
  key: text('key'),
  data: text('data').notNull(),
  createdAt: bigint('created_at', number),
  sentAt: bigint('sent_at', number),
  finishedAt: bigint('finished_at', number),
  at: bigint('at', number).notNull(),
})

/** What was tried and not taken. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    type: text('type').notNull(),
    body: text('body').notNull(),
    keys: text('keys').notNull(),
    attempts: integer('attempts').notNull(),
    firstAt: bigint('first_at', number).notNull(),
    nextAt: bigint('next_at', number),
    lastError: text('last_error').notNull(),
  },
  (t) => [index('webhook_deliveries_next').on(t.nextAt).where(sql`${t.nextAt} is not null`)],
)

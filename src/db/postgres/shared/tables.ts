import { bigint, index, pgTable, text } from 'drizzle-orm/pg-core'
import { number } from '../engine/columns.ts'

/** One row, made with the file: tells this database, its backups and copies included, from all others. */
export const databaseIdentity = pgTable('database_identity', {
  id: text('id').primaryKey(),
})

/** One holder at a time per name ("sync wx123"), so that two processes never do the same work twice. */
export const leases = pgTable('leases', {
  name: text('name').primaryKey(),
  owner: text('owner').notNull(),
  until: bigint('until', number).notNull(),
})

/** What was changed over HTTP, and with which key. */
export const auditEntries = pgTable(
  'audit',
  {
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    at: bigint('at', number).notNull(),
    keyName: text('key_name').notNull(),
    role: text('role').notNull(),
    action: text('action').notNull(),
    account: text('account'),
    target: text('target'),
    detail: text('detail'),
  },
  (t) => [index('audit_at').on(t.at, t.id)],
)

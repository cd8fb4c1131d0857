import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** One row, made with the file: tells this database, its backups and copies included, from all others. */
export const databaseIdentity = sqliteTable('database_identity', {
  id: text('id').primaryKey(),
})

/** One holder at a time per name ("sync wx123"), so that two processes never do the same work twice. */
export const leases = sqliteTable('leases', {
  name: text('name').primaryKey(),
  owner: text('owner').notNull(),
  until: integer('until').notNull(),
})

/** What was changed over HTTP, and with which key. */
export const auditEntries = sqliteTable(
  'audit',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    at: integer('at').notNull(),
    keyName: text('key_name').notNull(),
    role: text('role').notNull(),
    action: text('action').notNull(),
    account: text('account'),
    target: text('target'),
    detail: text('detail'),
  },
  /** In the order of the ids, which end every index. */
  (t) => [index('audit_at').on(t.at)],
)

import { getTableColumns, type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

/**
 * A placeholder for each of these columns, by the same name. For columns that hold what SQLite has itself: a boolean or
 * JSON is bound as it is stored only by a bare `sql.placeholder`.
 */
export function placedAs<Key extends string>(...keys: Key[]): Record<Key, SQL> {
  return toRecord(keys, (key) => sql`${sql.placeholder(key)}`)
}

/** For the `set` of an upsert: these columns take what was to be inserted. */
export function asInserted<Table extends SQLiteTable, Key extends keyof Table['_']['columns'] & string>(
  table: Table,
  ...keys: Key[]
): Record<Key, SQL> {
  const columns = getTableColumns(table)
  return toRecord(keys, (key) => sql.raw(`excluded.${columns[key]?.name}`))
}

function toRecord<Key extends string>(keys: readonly Key[], toValue: (key: Key) => SQL): Record<Key, SQL> {
  const record: Partial<Record<Key, SQL>> = {}
  for (const key of keys) record[key] = toValue(key)
  // Whole by now: the loop has been through all keys, which the compiler cannot see.
  return record as Record<Key, SQL>
}

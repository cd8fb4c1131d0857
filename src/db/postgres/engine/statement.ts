import { getTableColumns } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'

/** What `Database.write` takes: one execution. */
export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
  /** There is nothing to do, so it need not travel. */
  readonly isEmpty?: boolean
}

export interface StatementResult {
  /** Rows inserted, updated or deleted. */
  changes: number
  /** What RETURNING gave. */
  rows: object[]
}

/** Columns of a table for a `select` or `returning`, named as in its rows. */
export function selectList(table: PgTable, keys?: readonly string[]): string {
  return columnsOf(table, keys)
    .map(([key, { name }]) => `"${name}" as "${key}"`)
    .join(', ')
}

/** Names of the columns in SQL, in the order of `recordset`; in quotes, because some are words of SQL. */
export function columnNames(table: PgTable, keys?: readonly string[]): string[] {
  return columnsOf(table, keys).map(([, { name }]) => `"${name}"`)
}

/**
 * Rows of any number as one parameter, for a `from`: a table `input` with the columns of `table`, or those of them that
 * are named, from what `toRows` made. Other columns come with their types.
 */
export function recordset(
  table: PgTable,
  parameter: string,
  { keys, extra = {} }: { keys?: readonly string[]; extra?: Record<string, string> } = {},
): string {
  const columns = columnsOf(table, keys).map(([key, column]) => `"${key}" ${column.getSQLType()}`)
  const others = Object.entries(extra).map(([key, type]) => `"${key}" ${type}`)
  return `json_to_recordset(${parameter}::json) as input(${[...columns, ...others].join(', ')})`
}

/** Rows as a parameter for `recordset`. */
export function toRows(rows: readonly object[]): string {
  return withoutNul(JSON.stringify(rows))
}

/** A statement about rows in its first parameter. */
export function forRows(sql: string, rows: readonly object[], ...more: unknown[]): Statement {
  return { sql, params: [toRows(rows), ...more], isEmpty: rows.length === 0 }
}

/** PostgreSQL takes no text with the character U+0000 in it. */
export function toParameter(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '') : value
}

function withoutNul(json: string): string {
  // An even number of backslashes before it are themselves escaped, and then it is no escape.
  return json.includes('\\u0000') ? json.replace(/((?:^|[^\\])(?:\\\\)*)(?:\\u0000)+/g, '$1') : json
}

function columnsOf(table: PgTable, keys?: readonly string[]) {
  const columns = Object.entries(getTableColumns(table))
  return keys === undefined ? columns : columns.filter(([key]) => keys.includes(key))
}

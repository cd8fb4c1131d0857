import Sqlite from 'better-sqlite3'
import { type Column, getTableColumns } from 'drizzle-orm'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { tables as postgresTables } from '../../../src/db/postgres/tables.ts'
import { tables } from '../../../src/db/sqlite/tables.ts'

const texts = ['', 'o\'neil \\ "x"', '订单已发货 🎉', 'tab\tline\nend', '\\u0000 \\x00', 'null']

/** Rows for every table of a SQLite file that PostgreSQL has too, but those in `except`: each has values of the odd kinds its columns can have. */
export function fillTables(
  path: string,
  { followers = 8, except }: { followers?: number; except: readonly string[] },
): void {
  const connection = new Sqlite(path)
  connection.pragma('foreign_keys = off')
  for (const [name, table] of Object.entries(tables)) {
    if (!(name in postgresTables) || except.includes(name) || name === 'followerCounts') continue
    const rows = name === 'followers' ? followers : 8
    connection.transaction(() => {
      for (let n = 1; n <= rows; n++) insert(connection, table, n)
    })()
  }
  connection.close()
}

function insert(connection: Sqlite.Database, table: SQLiteTable, n: number): void {
  const { name, primaryKeys, uniqueIndexes } = toUnique(table)
  const columns = Object.values<Column>(getTableColumns(table))
  const unique = new Set([...primaryKeys, ...uniqueIndexes])
  const sql = `insert or replace into "${name}" (${columns.map((column) => `"${column.name}"`)}) values (${columns.map(() => '?')})`
  connection.prepare(sql).run(columns.map((column) => toValue(column, unique.has(column.name), n)))
}

function toUnique(table: SQLiteTable) {
  const { name, primaryKeys, indexes, columns, foreignKeys } = getTableConfig(table)
  return {
    name,
    primaryKeys: [
      ...columns.filter(({ primary }) => primary).map((column) => column.name),
      ...primaryKeys.flatMap((key) => key.columns.map((column) => column.name)),
      ...foreignKeys.flatMap((key) => key.reference().columns.map((column) => column.name)),
    ],
    uniqueIndexes: indexes
      .filter(({ config }) => config.unique)
      .flatMap(({ config }) => config.columns.map((column) => ('name' in column ? column.name : ''))),
  }
}

function toValue(column: Column, isUnique: boolean, n: number): unknown {
  if (!column.notNull && !isUnique && n % 3 === 0) return null
  if (column.columnType === 'SQLiteBoolean') return n % 2
  if (column.columnType === 'SQLiteTextJson') return JSON.stringify(n % 2 === 0 ? [] : [n, 2])
  if (column.columnType === 'SQLiteBlobBuffer') return Buffer.from([0, 255, n])
  if (column.columnType === 'SQLiteReal') return n % 2 === 0 ? 1.7e12 + 0.1 : n
  if (column.dataType === 'number') return toNumber(column, isUnique, n)
  if (isUnique) return `${column.name === 'appid' ? 'wx' : texts[n % texts.length]}${n}`
  return texts[(n + column.name.length) % texts.length]
}

/** Rows of a parent have the number of those of its children. */
function toNumber(column: Column, isUnique: boolean, n: number): number {
  if (isUnique) return n
  const isTime = /(_at|_since|until|since|^at|_time)$/.test(column.name)
  return isTime ? Number.MAX_SAFE_INTEGER - n : n
}

import { type Column, getTableColumns, getTableName, type Table } from 'drizzle-orm'

/**
 * What moves to another database, by its names in the program: parents before their children, and before what triggers
 * count of them. Leases and open circuits
 * are of processes, which end with the database they use; whether outcomes are told is up to those processes, too, and had it moved first
 * every push that follows would be told; the identity moves when everything else is there.
 */
const names = [
  'accessTokens',
  'accountState',
  'templates',
  'templateStates',
  'followers',
  'followerCounts',
  'pushes',
  'pendingReleases',
  'syncRuns',
  'syncSeen',
  'callbackEvents',
  'unmatchedReceipts',
  'interceptedMessages',
  'users',
  'sessions',
  'broadcasts',
  'broadcastRecipients',
  'broadcastKeys',
  'broadcastChunks',
  'broadcastRetries',
  'broadcastCounts',
  'broadcastOutcomes',
  'broadcastRecents',
  'auditEntries',
  'webhookChanges',
  'webhookDeliveries',
] as const

/** Tables that do not move, each for the reason above. */
export const leftTables: readonly string[] = ['leases', 'openCircuits', 'webhookEndpoint', 'databaseIdentity']

/** One table as one engine has it; rows are read and written with their values in the order of `columns`. */
export interface CopiedTable<T extends Table = Table> {
  name: string
  table: T
  columns: readonly (readonly [property: string, column: Column])[]
  /** Names of the primary key's columns in SQL, in the order of the key. */
  key: readonly string[]
  /** Where the values of the key are in a row. */
  keyPlaces: readonly number[]
}

/** null, string, number, boolean, Buffer, or what a JSON column holds: the same from every engine. */
export type Row = unknown[]

interface PrimaryKey {
  columns: readonly Column[]
}

/** The tables of an engine's schema that move, in order; `getPrimaryKeys` as drizzle's `getTableConfig` of that engine tells. */
export function toCopiedTables<T extends Table>(
  schema: Record<string, T>,
  getPrimaryKeys: (table: T) => readonly PrimaryKey[],
): CopiedTable<T>[] {
  const unknown = Object.keys(schema).filter((name) => ![...names, ...leftTables].includes(name))
  if (unknown.length > 0) throw new Error(`nobody has said whether these tables are copied: ${unknown}`)
  return names.flatMap((name) => {
    const table = schema[name]
    if (!table) return []
    // One order for all engines, whatever that of their definitions.
    const columns = Object.entries<Column>(getTableColumns(table)).sort(([a], [b]) => (a < b ? -1 : 1))
    const own = columns.map(([, column]) => column)
    const key = getPrimaryKeys(table)[0]?.columns ?? own.filter(({ primary }) => primary)
    return {
      name: getTableName(table),
      table,
      columns,
      key: key.map((column) => column.name),
      keyPlaces: key.map((column) => own.findIndex(({ name }) => name === column.name)),
    }
  })
}

/** Reads the next rows after a key; `parameter` names the nth, from 1. */
export function toPageSql(
  { name, columns, key }: CopiedTable,
  parameter: (n: number) => string,
  isFirst: boolean,
): string {
  const selected = columns.map(([, column]) => `"${column.name}"`).join(', ')
  const ordered = key.map((column) => `"${column}"`).join(', ')
  const after = isFirst ? '' : `where (${ordered}) > (${key.map((_, n) => parameter(n + 1)).join(', ')})`
  const limit = parameter(isFirst ? 1 : key.length + 1)
  return `select ${selected} from "${name}" ${after} order by ${ordered} limit ${limit}`
}

/** Values as a driver gave them, in the form that all engines share. */
export function toRow({ columns }: CopiedTable, values: readonly unknown[]): Row {
  return columns.map(([, column], n) => {
    const value = values[n]
    if (value === null || value === undefined) return null
    const mapped = column.mapFromDriverValue(value)
    // PostgreSQL has no U+0000 in texts.
    return typeof mapped === 'string' ? mapped.replaceAll('\0', '') : mapped
  })
}

export function toKey({ keyPlaces }: CopiedTable, row: Row): unknown[] {
  return keyPlaces.map((place) => row[place])
}

/** Whether the key is one number, which the database may give out. */
export function isNumbered({ columns, keyPlaces }: CopiedTable): boolean {
  const [place = 0, ...more] = keyPlaces
  return more.length === 0 && columns[place]?.[1].dataType === 'number'
}

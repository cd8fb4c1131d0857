import { createHash } from 'node:crypto'
import { say } from '../../base/sentences/sentence.ts'
import { DatabaseError } from '../databaseError.ts'
import type { CopiedTable, Row } from './copiedTables.ts'
import { toKey } from './copiedTables.ts'

/** Reads tables in the order of their keys; both sides have the same tables. */
export interface TableReader {
  readonly tables: readonly CopiedTable[]
  /** For people. */
  readonly address: string
  count(table: CopiedTable): Promise<number>
  read(table: CopiedTable, after: unknown[] | undefined, limit: number): Promise<Row[]>
}

export interface CopySource extends TableReader {
  readonly id: string
  /** The highest row number ever given, of tables that may number their rows. */
  lastNumbers(): Record<string, number>
}

/** How far the copy of a table is. */
export interface Position {
  after: unknown[]
  rows: number
}

export interface CopyTarget extends TableReader {
  /** Prepares the copy of a database, or finds out how far it is. Rejects with a DatabaseError when it has other data. */
  begin(
    sourceId: string,
  ): Promise<{ state: 'new' | 'unfinished' | 'complete'; positions: Record<string, Position> }>
  /** Writes rows and how far that brings the table, at once. */
  append(table: CopiedTable, rows: Row[], position: Position): Promise<void>
  /** Deletes what was copied. */
  empty(): Promise<void>
  /** Makes the copy what its source was, to be used by workers. */
  complete(lastNumbers: Record<string, number>): Promise<void>
}

export interface CopiedTableSummary {
  table: string
  rows: number
  /** SHA-256 over the rows in the order of the key, the same in every engine. */
  checksum: string
}

export interface CopySummary {
  tables: CopiedTableSummary[]
  /** An earlier run that did not come to its end was continued. */
  resumed: boolean
  verified: true
}

export interface CopyWatch {
  /** Rows of all tables. */
  onProgress(phase: 'copy' | 'verify', done: number, total: number): void
  /** What was copied before is not of use any more. */
  onNewBeginning(): void
}

/** Rows in memory at once, and in one transaction. */
const pageSize = 2_000

/**
 * Copies all tables and compares them by number and checksum; repeated after it was ended in whatever way, it goes on
 * where it was, and repeated after it was complete, it compares. Rejects with a DatabaseError.
 */
export async function copyDatabase(
  source: CopySource,
  target: CopyTarget,
  watch: CopyWatch,
): Promise<CopySummary> {
  await refuseMissing(source, target)
  const { state, positions } = await target.begin(source.id)
  if (state === 'complete') return { ...(await compareOrFail(source, target, watch)), resumed: false }
  await copyTables(source, target, positions, watch)
  const first = await compare(source, target, watch)
  let tables = first.tables
  const isStale = state === 'unfinished' && first.differing.length > 0
  if (isStale) {
    // The source was used between the two runs.
    watch.onNewBeginning()
    await target.empty()
    await copyTables(source, target, {}, watch)
    tables = (await compareOrFail(source, target, watch)).tables
  } else if (first.differing.length > 0) throw toDifference(source, target, first.differing)
  await target.complete(source.lastNumbers())
  return { tables, resumed: state === 'unfinished' && !isStale, verified: true }
}

async function copyTables(
  source: CopySource,
  target: CopyTarget,
  positions: Record<string, Position>,
  watch: CopyWatch,
): Promise<void> {
  const total = await countAll(source)
  let done = Object.values(positions).reduce((sum, { rows }) => sum + rows, 0)
  watch.onProgress('copy', done, total)
  for (const [table, own] of toPairs(source, target)) {
    let { after, rows: copied } = positions[table.name] ?? { after: undefined, rows: 0 }
    for (;;) {
      const rows = await source.read(table, after, pageSize)
      const last = rows.at(-1)
      if (last === undefined) break
      after = toKey(table, last)
      copied += rows.length
      await target.append(own, rows, { after, rows: copied })
      done += rows.length
      watch.onProgress('copy', done, total)
    }
  }
}

async function compareOrFail(source: CopySource, target: CopyTarget, watch: CopyWatch) {
  const { tables, differing } = await compare(source, target, watch)
  if (differing.length > 0) throw toDifference(source, target, differing)
  return { tables, verified: true as const }
}

async function compare(source: CopySource, target: CopyTarget, watch: CopyWatch) {
  const total = await countAll(source)
  let done = 0
  const onRows = (rows: number) => {
    done += rows
    watch.onProgress('verify', done, total)
  }
  const tables: CopiedTableSummary[] = []
  const differing: string[] = []
  for (const [table, own] of toPairs(source, target)) {
    const [wanted, found] = await Promise.all([
      summarize(source, table, onRows),
      summarize(target, own, () => {}),
    ])
    tables.push(wanted)
    if (wanted.rows !== found.rows || wanted.checksum !== found.checksum) {
      differing.push(`${table.name} (${wanted.rows} rows, ${found.rows} in the copy)`)
    }
  }
  return { tables, differing }
}

async function summarize(
  reader: TableReader,
  table: CopiedTable,
  onRows: (rows: number) => void,
): Promise<CopiedTableSummary> {
  const hash = createHash('sha256')
  let rows = 0
  let after: unknown[] | undefined
  for (;;) {
    const page = await reader.read(table, after, pageSize)
    const last = page.at(-1)
    if (last === undefined) return { table: table.name, rows, checksum: hash.digest('hex') }
    hash.update(page.map(toCanonical).join(''))
    rows += page.length
    after = toKey(table, last)
    onRows(page.length)
  }
}

function toCanonical(row: Row): string {
  return `${JSON.stringify(row.map(toCanonicalValue))}\n`
}

/** PostgreSQL keeps the members of JSON in an order of its own. */
function toCanonicalValue(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex')
  if (Array.isArray(value)) return value.map(toCanonicalValue)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, toCanonicalValue(member)]))
}

function toPairs(source: TableReader, target: TableReader): [CopiedTable, CopiedTable][] {
  return source.tables.flatMap((table) => {
    const own = target.tables.find(({ name }) => name === table.name)
    return own ? [[table, own]] : []
  })
}

/** An engine may not have the tables of a part of the program yet; that is no loss while nothing is in them. */
async function refuseMissing(source: TableReader, target: TableReader): Promise<void> {
  for (const table of source.tables) {
    if (target.tables.some(({ name }) => name === table.name) || (await source.count(table)) === 0) continue
    throw new DatabaseError(
      'other_data',
      say('copy.noPlace', { table: table.name, source: source.address, target: target.address }),
    )
  }
}

async function countAll(source: CopySource): Promise<number> {
  let total = 0
  for (const table of source.tables) total += await source.count(table)
  return total
}

function toDifference(source: TableReader, target: TableReader, differing: string[]): DatabaseError {
  return new DatabaseError(
    'differs',
    say('copy.differs', {
      target: target.address,
      source: source.address,
      tables: differing.join(', '),
    }),
  )
}

import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { type CsvRow, readCsvRows } from '../../base/csv.ts'
import { findLineProblem, readLines } from '../../base/lines.ts'
import type { MessageLine } from '../../operations/push.ts'
import { UsageError } from '../args.ts'

const plainColumns = ['unionid', 'openid', 'account', 'templateId', 'id', 'sendAt', 'expiresAt', 'url']

/**
 * Reads `.jsonl` (each line a library message) or `.csv` (columns `unionid`, `openid`, `account`, `templateId`,
 * `id`, `sendAt`, `expiresAt`, `url`, `data.<key>` in any order); `-` is JSONL on stdin. Memory does not grow with the file.
 * Raises UsageError for another kind of file and for a CSV header with unknown columns.
 */
export function readMessageFile(path: string): AsyncIterable<MessageLine> {
  if (path === '-') return readJsonl(process.stdin)
  switch (extname(path).toLowerCase()) {
    case '.jsonl':
      return readJsonl(readBytes(path))
    case '.csv':
      return readCsv(readBytes(path))
    default:
      throw new UsageError(`--file expects a .jsonl or .csv file, got '${path}'`)
  }
}

async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path)
  } catch (error) {
    throw new UsageError(
      `--file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

async function* readJsonl(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<MessageLine> {
  for await (const { line, text } of readLines(bytes)) {
    if (text.trim() !== '') yield { line, ...toMessage(text) }
  }
}

function toMessage(text: string): { message: Record<string, unknown> } | { reason: string } {
  const problem = findLineProblem(text)
  if (problem !== undefined) return { reason: problem }
  try {
    const message: unknown = JSON.parse(text)
    return isObject(message) ? { message } : { reason: 'is not a JSON object' }
  } catch (error) {
    return { reason: `is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function* readCsv(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<MessageLine> {
  let columns: string[] | undefined
  for await (const row of readCsvRows(readLines(bytes))) {
    if (columns === undefined) columns = toColumns(row)
    else yield { line: row.line, ...toRowMessage(columns, row) }
  }
  if (columns === undefined) throw new UsageError('The CSV file is empty: expected a header line')
}

function toColumns(header: CsvRow): string[] {
  if ('reason' in header) throw new UsageError(`The header line of the CSV file ${header.reason}`)
  const columns = header.cells.map((cell) => cell.trim())
  const unknown = columns.filter((column) => !plainColumns.includes(column) && !/^data\../.test(column))
  const expected = `expected ${plainColumns.join(', ')} or data.<key>`
  if (unknown.length > 0) {
    throw new UsageError(
      `Unknown CSV column ${unknown.map((column) => `'${column}'`).join(', ')}: ${expected}`,
    )
  }
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i)
  if (repeated !== undefined) throw new UsageError(`CSV column '${repeated}' is there twice`)
  return columns
}

/** An empty cell of `data` is kept: WeChat refuses empty fields, and the local check says which one it is. */
function toRowMessage(columns: string[], row: CsvRow) {
  if ('reason' in row) return { reason: row.reason }
  const cells = row.cells.map((cell, i) => [columns[i] ?? '', cell] as const)
  if (cells.length !== columns.length) {
    return { reason: `has ${cells.length} cells, the header has ${columns.length}` }
  }
  const plain = cells.filter(([column, cell]) => plainColumns.includes(column) && cell !== '')
  const data = cells.flatMap(([column, cell]) =>
    column.startsWith('data.') ? [[column.slice(5), cell]] : [],
  )
  return { message: { ...Object.fromEntries(plain), data: Object.fromEntries(data) } }
}

import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { type CsvRow, readCsvRows } from '../../base/rows/csv.ts'
import { parseJsonLine } from '../../base/rows/jsonLine.ts'
import { readLines } from '../../base/rows/lines.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { MessageLine } from '../../operations/push.ts'
import { UsageError } from '../args.ts'
import { toExpected } from '../command.ts'
import { inWords, phrase } from '../text/phrase.ts'

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
      throw toExpected('file', say('file.kind'), path)
  }
}

async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(say('usage.unreadable', { option: 'file', path, message }))
  }
}

async function* readJsonl(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<MessageLine> {
  for await (const { line, text: words } of readLines(bytes)) {
    if (words.trim() !== '') yield { line, ...toMessage(words) }
  }
}

function toMessage(line: string): { message: Record<string, unknown> } | { reason: string } {
  const parsed = parseJsonLine(line)
  return 'reason' in parsed ? { reason: inWords(parsed.reason) } : { message: parsed.values }
}

async function* readCsv(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<MessageLine> {
  let columns: string[] | undefined
  for await (const row of readCsvRows(readLines(bytes))) {
    if (columns === undefined) columns = toColumns(row)
    else yield { line: row.line, ...toRowMessage(columns, row) }
  }
  if (columns === undefined) throw new UsageError(say('usage.csvEmpty'))
}

function toColumns(header: CsvRow): string[] {
  if ('reason' in header) throw new UsageError(say('usage.csvHeader', { reason: header.reason }))
  const columns = header.cells.map((cell) => cell.trim())
  const unknown = columns.filter((column) => !plainColumns.includes(column) && !/^data\../.test(column))
  if (unknown.length > 0) {
    const names = unknown.map((column) => `'${column}'`).join(', ')
    throw new UsageError(say('usage.csvColumn', { columns: names, known: plainColumns.join(', ') }))
  }
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i)
  if (repeated !== undefined) throw new UsageError(say('usage.csvTwice', { name: repeated }))
  return columns
}

/** An empty cell of `data` is kept: WeChat refuses empty fields, and the local check says which one it is. */
function toRowMessage(columns: string[], row: CsvRow) {
  if ('reason' in row) return { reason: inWords(row.reason) }
  const cells = row.cells.map((cell, i) => [columns[i] ?? '', cell] as const)
  if (cells.length !== columns.length) {
    const facts = { count: String(cells.length), expected: String(columns.length) }
    return { reason: phrase('line.cells', facts) }
  }
  const plain = cells.filter(([column, cell]) => plainColumns.includes(column) && cell !== '')
  const data = cells.flatMap(([column, cell]) =>
    column.startsWith('data.') ? [[column.slice(5), cell]] : [],
  )
  return { message: { ...Object.fromEntries(plain), data: Object.fromEntries(data) } }
}

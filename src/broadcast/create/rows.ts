import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { isObject } from '../../base/isObject.ts'
import { type CsvRow, readCsvRows } from '../../base/rows/csv.ts'
import { parseJsonLine } from '../../base/rows/jsonLine.ts'
import { readLines } from '../../base/rows/lines.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { InvalidPushError } from '../../push/invalidPush.ts'

/** One row of an audience, or why nothing can be made of it. Lines count from 1; that of a CSV header is 1. */
export type AudienceRow =
  | { line: number; values: Record<string, unknown> }
  | { line: number; reason: Sentence }

/** What a program gives as rows; its lines are their positions. */
export type GivenRows = Iterable<Record<string, unknown>> | AsyncIterable<Record<string, unknown>>

/**
 * Reads `.jsonl` or `.csv`; `-` is JSONL on stdin. Memory does not grow with the file. Rejects with InvalidPushError for
 * another kind of file, and for a CSV header without a column that is `needed` or without unionid and openid.
 */
export function readAudienceFile(path: string, needed: readonly string[]): AsyncIterable<AudienceRow> {
  if (path === '-') return readJsonl(process.stdin)
  switch (extname(path).toLowerCase()) {
    case '.jsonl':
      return readJsonl(readBytes(path))
    case '.csv':
      return readCsv(readBytes(path), needed)
    default:
      throw toFault(say('file.kind'), path)
  }
}

export async function* toAudienceRows(rows: GivenRows): AsyncGenerator<AudienceRow> {
  let line = 0
  for await (const values of rows) {
    line += 1
    yield isObject(values) ? { line, values } : { line, reason: say('line.noObject') }
  }
}

async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path)
  } catch (error) {
    throw toFault(say('file.readable'), error instanceof Error ? error.message : String(error))
  }
}

async function* readJsonl(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<AudienceRow> {
  for await (const { line, text } of readLines(bytes)) {
    if (text.trim() !== '') yield { line, ...parseJsonLine(text) }
  }
}

async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  needed: readonly string[],
): AsyncGenerator<AudienceRow> {
  let columns: string[] | undefined
  for await (const row of readCsvRows(readLines(bytes))) {
    if (columns === undefined) columns = toColumns(row, needed)
    else yield { line: row.line, ...toValues(columns, row) }
  }
  if (columns === undefined) throw toFault(say('file.header'), say('file.empty'))
}

function toColumns(header: CsvRow, needed: readonly string[]): string[] {
  if ('reason' in header) {
    throw toFault(say('file.readableHeader'), say('file.oneThat', { reason: header.reason }))
  }
  const columns = header.cells.map((cell) => cell.trim())
  const repeated = columns.find((column, i) => column !== '' && columns.indexOf(column) !== i)
  if (repeated !== undefined)
    throw toFault(say('file.differentColumns'), say('file.columnTwice', { name: repeated }))
  if (!columns.includes('unionid') && !columns.includes('openid')) {
    throw toFault(say('file.idColumn'), columns.slice(0, 10).join(', '))
  }
  const missing = needed.filter((name) => !columns.includes(name))
  if (missing.length > 0) {
    throw toFault(say('file.namedColumns', { columns: missing.join(', ') }), columns.slice(0, 10).join(', '))
  }
  return columns
}

function toValues(columns: readonly string[], row: CsvRow) {
  if ('reason' in row) return { reason: row.reason }
  if (row.cells.length !== columns.length) {
    const facts = { count: String(row.cells.length), expected: String(columns.length) }
    return { reason: say('line.cells', facts) }
  }
  return { values: Object.fromEntries(row.cells.map((cell, i) => [columns[i] ?? '', cell])) }
}

function toFault(rule: Sentence, given: Sentence | string): InvalidPushError {
  return new InvalidPushError([{ field: 'audience.file', rule, given }])
}

import { parse } from 'csv-parse/sync'
import { type Sentence, say } from '../sentences/sentence.ts'
import { findLineProblem, maxLineLength, type TextLine } from './lines.ts'

export type CsvRow = { line: number; cells: string[] } | { line: number; reason: Sentence }

/** Rows parsed in one go: csv-parse costs 49 us for a row alone, a tenth of it in a block. */
const blockSize = 500

/**
 * Splits lines into cells. A quoted cell may span lines; a stray quote costs the line it is in and no other, which
 * is why the file is not handed to a streaming parser: that one reads on to the next quote, or to the end.
 */
export async function* readCsvRows(lines: AsyncIterable<TextLine>): AsyncGenerator<CsvRow> {
  let block: TextLine[] = []
  let width: number | undefined
  for await (const record of joinOpenQuotes(lines)) {
    width ??= countCells(record)
    if (block.push(record) < blockSize) continue
    yield* parseBlock(block, width)
    block = []
  }
  yield* parseBlock(block, width)
}

/** A line with an open quote and those that follow it up to the closing one; alone when none comes in sight. */
async function* joinOpenQuotes(lines: AsyncIterable<TextLine>): AsyncGenerator<TextLine> {
  let open: TextLine[] = []
  let length = 0
  for await (const line of lines) {
    if (open.length === 0 && line.text.trim() === '') continue
    const closes = hasOddQuotes(line.text) === open.length > 0
    open.push(line)
    length += line.text.length
    if (!closes && length <= maxLineLength) continue
    yield* closes ? [{ line: open[0]?.line ?? 0, text: open.map(({ text }) => text).join('\n') }] : open
    open = []
    length = 0
  }
  yield* open
}

function hasOddQuotes(text: string): boolean {
  return text.split('"').length % 2 === 0
}

function countCells(header: TextLine): number | undefined {
  const row = parseRows([header])?.[0]
  return row && 'cells' in row ? row.cells.length : undefined
}

function* parseBlock(block: TextLine[], width: number | undefined): Generator<CsvRow> {
  const isSuspect = block.some(({ text }) => text.includes('\n') || findLineProblem(text) !== undefined)
  const rows = isSuspect ? undefined : parseRows(block)
  if (rows !== undefined) yield* rows
  else for (const record of block) yield* parseAlone(record, width)
}

/** Undefined when the rows are not exactly the records, one by one. */
function parseRows(records: TextLine[]): CsvRow[] | undefined {
  try {
    const rows = parse(records.map(({ text }) => text).join('\n'), {
      record_delimiter: '\n',
      relax_column_count: true,
    })
    if (rows.length !== records.length) return undefined
    return rows.map((cells, i) => ({ line: records[i]?.line ?? 0, cells }))
  } catch {
    return undefined
  }
}

/** Lines that do not make one good row together were joined by a stray quote: each is looked at alone. */
function* parseAlone({ line, text }: TextLine, width: number | undefined): Generator<CsvRow> {
  const problem = findLineProblem(text)
  const row = problem === undefined ? parseRows([{ line, text }])?.[0] : undefined
  const lines = text.split('\n')
  if (row !== undefined && 'cells' in row && (lines.length === 1 || row.cells.length === width)) yield row
  else if (lines.length === 1) yield { line, reason: problem ?? say('line.quote') }
  else for (const [i, alone] of lines.entries()) yield* parseAlone({ line: line + i, text: alone }, width)
}

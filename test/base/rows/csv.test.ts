import { expect, test } from 'vitest'
import { type CsvRow, readCsvRows } from '../../../src/base/rows/csv.ts'
import { readLines } from '../../../src/base/rows/lines.ts'

async function readAll(text: string): Promise<CsvRow[]> {
  async function* bytes() {
    yield Buffer.from(text)
  }
  const rows: CsvRow[] = []
  for await (const row of readCsvRows(readLines(bytes()))) rows.push(row)
  return rows
}

test('a carriage return alone is text of its cell, and ends no row', async () => {
  expect(await readAll('u1,a\rb\r\nu2,c\n')).toEqual([
    { line: 1, cells: ['u1', 'a\rb'] },
    { line: 2, cells: ['u2', 'c'] },
  ])
})

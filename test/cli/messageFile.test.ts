import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../src/cli/args.ts'
import { readMessageFile } from '../../src/cli/messages/messageFile.ts'
import type { MessageLine } from '../../src/operations/push.ts'

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'unionpush-file-'))
})

afterAll(() => rm(dir, { recursive: true }))

async function read(name: string, content: string | Uint8Array): Promise<MessageLine[]> {
  const path = join(dir, name)
  await writeFile(path, content)
  const lines: MessageLine[] = []
  for await (const line of readMessageFile(path)) lines.push(line)
  return lines
}

test('JSONL lines keep their numbers over empty lines, a byte order mark and CRLF', async () => {
  const lines = await read('a.jsonl', '\ufeff{"unionid":"a"}\r\n\r\n{"unionid":"订单"}')
  expect(lines).toEqual([
    { line: 1, message: { unionid: 'a' } },
    { line: 3, message: { unionid: '订单' } },
  ])
})

test('U+2028 inside a JSON string does not end the line', async () => {
  expect(await read('b.jsonl', '{"unionid":"a\u2028b"}\n{"unionid":"c"}\n')).toEqual([
    { line: 1, message: { unionid: 'a\u2028b' } },
    { line: 2, message: { unionid: 'c' } },
  ])
})

test('a bad JSONL line is reported with its number and the rest is read', async () => {
  const lines = await read(
    'c.jsonl',
    `{"unionid":"a"}\n{oops\n[1]\n"x"\n${'x'.repeat(300_000)}\n{"unionid":"b"}\n`,
  )
  expect(lines.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6])
  expect(lines.slice(1, 5).map((line) => ('reason' in line ? line.reason : ''))).toEqual([
    expect.stringMatching(/^is not JSON: /),
    'is not a JSON object',
    'is not a JSON object',
    'is longer than 131072 characters',
  ])
  expect(lines[5]).toEqual({ line: 6, message: { unionid: 'b' } })
})

test('bytes that are not UTF-8 spoil only the lines they are in', async () => {
  const gbk = Buffer.from([0xb6, 0xa9, 0xb5, 0xa5])
  const lines = await read(
    'gbk.csv',
    Buffer.concat([Buffer.from('unionid,data.thing1\na,ok\nb,'), gbk, Buffer.from('\nc,订单\n')]),
  )
  expect(lines).toEqual([
    { line: 2, message: { unionid: 'a', data: { thing1: 'ok' } } },
    { line: 3, reason: 'is not UTF-8 text (in Excel: save as "CSV UTF-8")' },
    { line: 4, message: { unionid: 'c', data: { thing1: '订单' } } },
  ])
})

test('a character split over two chunks of the file is read whole', async () => {
  const text = `{"unionid":"${'x'.repeat(65_522)}订"}\n`
  expect(await read('chunk.jsonl', text)).toEqual([{ line: 1, message: JSON.parse(text) }])
})

test('CSV columns come in any order, quoted cells hold commas, quotes and line breaks', async () => {
  const csv =
    '\ufeffdata.thing1,unionid,templateId,url\r\n"a, ""b""",u1,t,\r\n"two\r\nlines",u2,t,https://x.cn\r\n\r\n'
  expect(await read('d.csv', csv)).toEqual([
    { line: 2, message: { unionid: 'u1', templateId: 't', data: { thing1: 'a, "b"' } } },
    {
      line: 3,
      message: { unionid: 'u2', templateId: 't', url: 'https://x.cn', data: { thing1: 'two\nlines' } },
    },
  ])
})

test('stray quotes and missing cells of a CSV cost only their own lines', async () => {
  const csv = [
    'unionid,data.thing1',
    'u1,fine',
    'u2,5" disk',
    'u3,fine',
    'u4,"never closed',
    'u5,fine',
    'u6,say "hi"',
    'u7',
    'u8,one,two',
    'u9,',
    'u10,also " stray',
    'u11,"fine"',
  ]
  const lines = await read('e.csv', csv.join('\n'))
  expect(lines).toHaveLength(11)
  const bad = lines.flatMap((line) => ('reason' in line ? [[line.line, line.reason]] : []))
  expect(bad).toEqual([
    [3, 'has a quote in the wrong place'],
    [5, 'has a quote in the wrong place'],
    [7, 'has a quote in the wrong place'],
    [8, 'has 1 cell, the header has 2'],
    [9, 'has 3 cells, the header has 2'],
    [11, 'has a quote in the wrong place'],
  ])
  expect(lines[8]).toEqual({ line: 10, message: { unionid: 'u9', data: { thing1: '' } } })
})

test('a CSV whose header cannot be right is refused before its lines are read', async () => {
  await expect(read('f.csv', 'unionid,thing1\na,b\n')).rejects.toThrow(UsageError)
  await expect(read('f.csv', 'unionid,thing1\na,b\n')).rejects.toThrow("Unknown CSV column 'thing1'")
  await expect(read('g.csv', 'unionid,unionid\na,b\n')).rejects.toThrow("CSV column 'unionid' is there twice")
  await expect(read('h.csv', '')).rejects.toThrow('The CSV file is empty')
  await expect(read('i.txt', '')).rejects.toThrow('expects a .jsonl or .csv file')
})

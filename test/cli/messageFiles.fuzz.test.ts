import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../../src/cli/args.ts'
import { readMessageFile } from '../../src/cli/messages/messageFile.ts'
import type { MessageLine } from '../../src/operations/push.ts'
import { checkMessage } from '../../src/push/message.ts'

let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'unionpush-fuzz-'))
})

afterAll(() => rm(dir, { recursive: true }))

/** The lines, checked as a push would check them; undefined when the file as a whole is refused. */
async function read(name: string, content: string | Uint8Array): Promise<MessageLine[] | undefined> {
  const path = join(dir, name)
  await writeFile(path, content)
  const lines: MessageLine[] = []
  try {
    for await (const line of readMessageFile(path)) lines.push(line)
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
  for (const line of lines) if ('message' in line) checkMessage(line.message)
  return lines
}

const bits = fc.constantFrom(
  ...[
    '\ufeff',
    '\r',
    '\n',
    '\r\n',
    '"',
    '""',
    ',',
    ';',
    '\t',
    '\u0000',
    '\u2028',
    '\ud800',
    '{',
    '}',
    '[',
    ']',
  ],
  ...[
    'unionid',
    'openid',
    'templateId',
    'data.thing1',
    'data.',
    '__proto__',
    'sendAt',
    'a',
    '订单',
    '1e999',
    'null',
  ],
  ...['{"unionid":"a"}', '{"__proto__":{}}', '{"data":[]}', '\\', '\\u0000', '9999999999999999999'],
)
const text = fc.array(bits, { maxLength: 60 }).map((list) => list.join(''))
const withHeader = text.map((rest) => `unionid,templateId,data.thing1\n${rest}`)
const bytes = fc.uint8Array({ maxLength: 300 })

test.each(['x.jsonl', 'x.csv'])(
  'any %s is lines with a message or a reason, or refused as a whole',
  async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, withHeader, bytes), async (content) => {
        const lines = (await read(name, content)) ?? []
        const numbers = lines.map(({ line }) => line)
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
        for (const line of lines) if ('reason' in line) expect(line.reason.length).toBeLessThan(1_000)
      }),
      { numRuns: 500 },
    )
  },
)

test('a bad line costs no other line, in both formats', async () => {
  const bad = text.filter((line) => !/[\r\n"]/.test(line))
  await fc.assert(
    fc.asyncProperty(bad, async (line) => {
      const jsonl = await read('y.jsonl', `{"unionid":"a"}\n${line}\n{"unionid":"b"}\n`)
      expect(jsonl?.at(0)).toEqual({ line: 1, message: { unionid: 'a' } })
      expect(jsonl?.at(-1)).toEqual({ line: 3, message: { unionid: 'b' } })
      const csv = await read('y.csv', `unionid,data.thing1\na,1\n${line}\nb,2\n`)
      expect(csv?.at(0)).toEqual({ line: 2, message: { unionid: 'a', data: { thing1: '1' } } })
      expect(csv?.at(-1)).toEqual({ line: 4, message: { unionid: 'b', data: { thing1: '2' } } })
    }),
    { numRuns: 200 },
  )
})

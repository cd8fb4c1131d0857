import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { readMessageFile } from '../../src/cli/messages/messageFile.ts'
import { makeDir } from '../helpers/pushing.ts'

/** Memory is measured in a process where nobody else leaves any. */
const mebibyte = 2 ** 20

test('200,000 CSV lines are read without holding them', async () => {
  const row = (i: number) =>
    `u${i},ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY,order-${i},订单已发货,2026-11-20 15:01\n`
  const path = join(await makeDir(), 'big.csv')
  const rows = Array.from({ length: 200_000 }, (_, i) => row(i)).join('')
  await writeFile(path, `unionid,templateId,id,data.thing1,data.time2\n${rows}`)
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const measure = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  let count = 0
  let peak = 0
  const before = measure()
  for await (const line of readMessageFile(path)) {
    if ('message' in line) count++
    if (count % 40_000 === 0) peak = Math.max(peak, measure() - before)
  }
  expect(count).toBe(200_000)
  // All of them would take a hundred.
  expect(peak).toBeLessThan(20 * mebibyte)
})

test.each([
  ['one line without an end', 'x', 20],
  ['quotes', '"', 20],
  ['commas', ',', 20],
  ['brackets', '[', 20],
  ['lines with an open quote', '"a\n', 0.02],
  ['empty lines', '\n', 1],
])('very much of %s takes neither long nor memory', async (_, piece, size) => {
  const content = piece.repeat((size * mebibyte) / piece.length)
  const dir = await makeDir()
  const files = { 'z.jsonl': content, 'z.csv': `unionid,data.thing1\n${content}` }
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name)
    await writeFile(path, text)
    const startedAt = performance.now()
    const before = process.memoryUsage().rss
    let highest = before
    for await (const { line } of readMessageFile(path)) {
      if (line % 1_000 === 0) highest = Math.max(highest, process.memoryUsage().rss)
    }
    highest = Math.max(highest, process.memoryUsage().rss)
    expect(performance.now() - startedAt).toBeLessThan(30 * second)
    expect(highest - before).toBeLessThan(200 * mebibyte)
  }
})

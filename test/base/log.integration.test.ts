import { execFileSync } from 'node:child_process'
import { describe, expect, inject, test } from 'vitest'
import { processFile } from '../helpers/forkProcess.ts'

const script = processFile('logging')
const main = inject('cliMain')

/** The stdout of a process whose stderr is redirected as a shell does; rejects unless it ends well. */
function run(file: string, words: string, redirection: string): string {
  const command = `{ '${process.execPath}' '${file}' ${words} ${redirection}; } 3>&1`
  return execFileSync('sh', ['-c', command], {
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString()
}

describe('a process whose log cannot be written works on', () => {
  test.each([
    ['a full disk', 'json', '2>/dev/full'],
    ['a closed stderr', 'json', '2>&-'],
    ['a reader who is gone', 'json', '2>&1 >&3 | true'],
    ['a full disk under pretty lines', 'pretty', '2>/dev/full'],
  ])('%s', (_name, kind, redirection) => {
    expect(run(script, kind, redirection)).toBe('alive\n')
  })
})

test("lines go through the function that a process manager has put in the place of stderr's own", () => {
  const lines = run(script, 'managed', '2>/dev/null').trim().split('\n')
  expect(lines).toHaveLength(6)
  expect(lines[0]).toMatch(/^taken over: \{.*"msg":"a line"\}$/)
})

test('a command answers on stdout with its own exit code though nothing can be said on stderr', () => {
  expect(run(main, 'nonsense --json', '2>/dev/full || echo "exit $?"')).toMatch(/^\{"error":.*\}\nexit 2\n$/)
})

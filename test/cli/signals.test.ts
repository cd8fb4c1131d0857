import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** In a process of its own, as the signals of this one are the test runner's. */
function tellEnds(signals: string[][]): unknown {
  const script = `
    import { createStopSignal } from ${JSON.stringify(new URL('../../src/cli/signals.ts', import.meta.url).href)}
    process.exit = () => { ended = true }
    let ended
    const told = ${JSON.stringify(signals)}.map((names) => {
      ended = false
      process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
      const { reason } = names.reduce((signal, name) => (process.emit(name, name), signal), createStopSignal())
      return [reason.message, ended ? 'ended at once' : 'ends in good order']
    })
    console.log(JSON.stringify(told))`
  const { stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  )
  return JSON.parse(stdout)
}

test('one Ctrl-C that comes twice, by whatever names and in whatever order, is one; a second SIGTERM is a second', () => {
  expect(
    tellEnds([
      ['SIGINT', 'SIGINT'],
      ['SIGINT', 'SIGTERM'],
      ['SIGTERM', 'SIGINT'],
      ['SIGTERM', 'SIGTERM'],
    ]),
  ).toEqual([
    ['stopped by SIGINT', 'ends in good order'],
    ['stopped by SIGINT', 'ends in good order'],
    ['stopped by SIGTERM', 'ends in good order'],
    ['stopped by SIGTERM', 'ended at once'],
  ])
})

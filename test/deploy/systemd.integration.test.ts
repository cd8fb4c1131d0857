import { execFile, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, TestRunner, test } from 'vitest'
import { makeDir } from '../helpers/pushing.ts'
import { findUnknownVariables } from './variables.ts'

const folder = fileURLToPath(new URL('../../examples/systemd', import.meta.url))
const units = {
  start: 'unionpush',
  worker: 'unionpush-worker@',
  cron: 'unionpush-cron',
  serve: 'unionpush-serve',
}
const roles = Object.entries(units)
const canAnalyze = spawnSync('systemd-analyze', ['--version']).error === undefined

test('there is a unit for every role, and no other', () => {
  expect(readdirSync(folder).sort()).toEqual(
    Object.values(units)
      .map((name) => `${name}.service`)
      .sort(),
  )
})

test.each(roles)('%s: systemd understands %s.service, and shuts it in', async (_, name) => {
  needAnalyzer()
  const dir = await makeDir()
  // systemd looks whether what it is to start is there.
  const bin = join(dir, 'node_modules/.bin')
  await mkdir(bin, { recursive: true })
  await writeFile(join(bin, 'unionpush'), '#!/bin/sh\n', { mode: 0o755 })
  const copy = join(dir, `${name.replace(/@$/, '@1')}.service`)
  await writeFile(copy, read(name).replaceAll('/srv/unionpush', dir))
  const run = (...words: string[]) => promisify(execFile)('systemd-analyze', words)
  expect(await run('verify', '--man=no', copy)).toEqual({ stdout: '', stderr: '' })
  // Fails above that exposure; a service that nothing is taken from has 9.6 of 10.
  await run('security', '--offline=true', '--threshold=20', copy)
})

test.each(roles)(
  '%s: the unit starts that role and gives it the time that it needs to stop',
  (role, name) => {
    const unit = read(name)
    expect(unit).toContain(`\nExecStart=/srv/unionpush/node_modules/.bin/unionpush ${role}\n`)
    expect(unit).toContain(`\nTimeoutStopSec=${role === 'start' ? 60 : 40}\n`)
    // What bad configuration ends with would be the same after a restart.
    expect(unit).toContain('\nRestartPreventExitStatus=2\n')
    const variables = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, variable = '']) => variable)
    expect(variables).toEqual(['DATA_DIR'])
    expect(findUnknownVariables(variables)).toEqual([])
  },
)

function needAnalyzer(): void {
  if (!canAnalyze && !process.env.CI) TestRunner.getCurrentTest()?.context.skip('there is no systemd-analyze')
}

function read(name: string): string {
  return readFileSync(join(folder, `${name}.service`), 'utf8')
}

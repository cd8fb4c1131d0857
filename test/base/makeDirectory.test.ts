import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDirectory } from '../../src/base/makeDirectory.ts'
import { makeDir } from '../helpers/pushing.ts'

test('a directory is made with those above it, for this user alone', async () => {
  const path = join(await makeDir(), 'a', 'b', 'c')
  makeDirectory(path)
  makeDirectory(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
})

test('where none can be made it says so', async () => {
  // Node.js's own never comes back from there.
  expect(() => makeDirectory('/proc/none/a')).toThrow(/ENOENT|EPERM|EACCES/)
  const file = join(await makeDir(), 'file')
  await writeFile(file, '')
  expect(() => makeDirectory(file)).toThrow('EEXIST')
  expect(() => makeDirectory(join(file, 'a'))).toThrow(/ENOTDIR|EEXIST/)
})

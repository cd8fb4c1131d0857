import { expect, test } from 'vitest'
import { createReleasers } from '../../src/base/releasers.ts'

test('what was acquired last is released first, one after the other and once', async () => {
  const released: string[] = []
  const releasers = createReleasers()
  releasers.add(() => released.push('database'))
  releasers.add(async () => {
    await new Promise(setImmediate)
    released.push('queue')
  })
  await releasers.close()
  await releasers.close()
  expect(released).toEqual(['queue', 'database'])
})

import { readFileSync } from 'node:fs'
import { minVersion, satisfies } from 'semver'
import { expect, test } from 'vitest'
import { z } from 'zod'

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string(),
      optional: z.boolean().optional(),
      engines: z.object({ node: z.string().optional() }).optional(),
    }),
  ),
})

test('every dependency runs on the oldest Node.js that this project supports', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
  const { packages } = lockSchema.parse(JSON.parse(text))
  const oldest = minVersion(packages['']?.engines?.node ?? '')
  expect(oldest?.version).toMatch(/^20\./)
  const tooNew = Object.entries(packages)
    .filter(([, { engines, optional }]) => !optional && !satisfies(oldest ?? '', engines?.node ?? '*'))
    .map(([path, { version, engines }]) => `${path} ${version} wants ${engines?.node}`)
  expect(tooNew).toEqual([])
})

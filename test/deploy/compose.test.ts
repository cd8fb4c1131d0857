import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DCLinter } from 'dclint'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { findUnknownVariables } from './variables.ts'

const root = new URL('../../', import.meta.url)
const files = ['compose.yaml', 'examples/compose-three-roles.yaml']

/** Mistakes, not matters of taste; that the file follows the schema of the Compose Specification is asked besides. */
const rules = {
  'no-duplicate-container-names': 2,
  'no-duplicate-exported-ports': 2,
  'no-unbound-port-interfaces': 2,
  'no-version-field': 2,
  'service-image-require-explicit-tag': 0,
  'no-build-and-image': 0,
  'no-quotes-in-volumes': 0,
  'require-project-name-field': 0,
  'require-quotes-in-ports': 0,
  'service-container-name-regex': 0,
  'service-dependencies-alphabetical-order': 0,
  'service-keys-order': 0,
  'service-ports-alphabetical-order': 0,
  'services-alphabetical-order': 0,
  'top-level-properties-order': 0,
} as const

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      command: z.string().optional(),
      build: z.string().optional(),
      environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).optional(),
      healthcheck: z.unknown().optional(),
      volumes: z.array(z.string()).optional(),
      stop_grace_period: z.string().optional(),
      read_only: z.boolean().optional(),
    }),
  ),
  volumes: z.record(z.string(), z.null()),
})

/** Its own types are lost in files without an extension. */
const resultsSchema = z.array(z.object({ messages: z.array(z.object({ message: z.string() })) }))

test.each(files)('%s follows the Compose Specification', (file) => {
  const dir = mkdtempSync(join(tmpdir(), 'unionpush-compose-'))
  try {
    // Anchors and merges resolved, so that what they bring is checked where it ends.
    const copy = join(dir, 'compose.yaml')
    writeFileSync(copy, stringify(readCompose(file), { aliasDuplicateObjects: false }))
    const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] })
    const results = resultsSchema.parse(linter.lintFiles([copy], false))
    expect(results).toHaveLength(1)
    expect(results[0]?.messages.map(({ message }) => message)).toEqual([])
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test.each(files)('%s: what a service waits for has a health check, and every volume is declared', (file) => {
  const { services, volumes } = composeSchema.parse(readCompose(file))
  for (const [name, service] of Object.entries(services)) {
    for (const other of Object.keys(service.depends_on ?? {}))
      expect(services[other]?.healthcheck, `${name} waits for ${other}`).toBeDefined()
    const named = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '')
    expect(Object.keys(volumes), name).toEqual(expect.arrayContaining(named))
  }
})

test.each(files)(
  '%s sets variables that the program knows, and gives it the time that it needs to stop',
  (file) => {
    const { services } = composeSchema.parse(readCompose(file))
    const ours = Object.values(services).filter(({ build }) => build !== undefined)
    expect(ours.length).toBeGreaterThan(0)
    for (const { command, environment = {}, stop_grace_period, read_only } of ours) {
      expect(findUnknownVariables(Object.keys(environment))).toEqual([])
      expect(read_only).toBe(true)
      expect(stop_grace_period).toBe(command === 'start' ? '60s' : '40s')
    }
  },
)

function readCompose(file: string): unknown {
  return parse(readFileSync(new URL(file, root), 'utf8'), { merge: true })
}

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadCallbackConfig, loadMiniProgramConfig } from '../../src/base/accounts/libraryConfig.ts'
import { ConfigError } from '../../src/base/configError.ts'
import type { Environment } from '../../src/base/environment/checkEnvironment.ts'
import { environmentSchema, secrets } from '../../src/base/environment/variables.ts'
import { loadProducerConfig } from '../../src/base/producerConfig.ts'
import { loadConfig } from '../../src/base/programConfig.ts'

const names = Object.keys(environmentSchema.shape)
const loaders = [loadConfig, loadCallbackConfig, loadMiniProgramConfig, loadProducerConfig]
const secret = 'f00dfeedf00dfeedf00dfeedf00dfeed'
/** Values at the edge of what is allowed, and far beyond. */
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.webUrl(),
  fc.constantFrom(
    ...[
      '',
      ' ',
      '0',
      '-1',
      '1e9',
      '99999999999999999999',
      '0x10',
      'on',
      'off',
      'info',
      'Mars/Base',
      '* * * * *',
    ],
    ...[
      '*/0 * * * *',
      '61 * * * *',
      '0-99999999 * * * *',
      'file:',
      'file:.',
      'file://',
      'file://host/a',
      'file:///%2f',
      'file://%00',
    ],
    ...[
      'redis://',
      'redis://[',
      'redis://h:99999',
      'rediss://h,redis://h',
      ',',
      ',,',
      'http://',
      'https://h/%',
    ],
    ...[
      'postgres://u:p@h/d',
      '__proto__',
      secret,
      'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
      'x'.repeat(10_000),
    ],
  ),
)
const environments = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: names.length })

function findError(load: (env: Environment) => unknown, env: Environment): ConfigError | undefined {
  try {
    load(env)
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

test('any environment is a configuration or a list of problems, each with variable, expectation and finding', () => {
  fc.assert(
    fc.property(environments, (env) => {
      for (const load of loaders) {
        const error = findError(load, env)
        if (!error) continue
        expect(error.problems.length).toBeGreaterThan(0)
        for (const { variable, expected, found } of error.problems) {
          expect(names).toContain(variable)
          expect(expected).not.toBe('')
          expect(found).not.toBe('')
        }
      }
    }),
    { numRuns: 200 },
  )
})

test('no secret is in a problem, however wrong it is', () => {
  const wrong = fc.string({ minLength: 4, maxLength: 40 }).map((text) => `秘${text}`)
  fc.assert(
    fc.property(fc.constantFrom(...secrets), wrong, (name, text) => {
      const error = findError(loadConfig, { [name]: text })
      expect(error?.message).toContain(`${name}: expected`)
      expect(error?.message).not.toContain(text)
    }),
  )
})

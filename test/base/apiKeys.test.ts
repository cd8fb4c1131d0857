import { expect, test } from 'vitest'
import { apiKeysSchema } from '../../src/base/api/apiKeys.ts'
import { ConfigError } from '../../src/base/configError.ts'
import { loadConfig } from '../../src/base/programConfig.ts'

const minimal = { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: 'f00dfeedf00dfeedf00dfeedf00dfeed' }
const long = 'k'.repeat(24)

function problemsOf(keys: string): ConfigError['problems'] {
  try {
    loadConfig({ ...minimal, HTTP_API_KEYS: keys })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('a key has a name and a role, and may hold colons itself', () => {
  expect(apiKeysSchema.parse(`shop:push:${long}, ops.1:operate:a:b${long}`)).toEqual([
    { name: 'shop', role: 'push', key: long },
    { name: 'ops.1', role: 'operate', key: `a:b${long}` },
  ])
  expect(loadConfig(minimal).apiKeys).toEqual([])
})

test('everything that is wrong with keys is told at once, and no key with it', () => {
  const secret = 'xyzzy-secret-of-somebody-0123'
  const [problem, ...others] = problemsOf(
    [
      `a:admin:${secret}`,
      `${secret}`,
      `view:${secret}`,
      'b:push:short',
      `c d:view:${long}`,
      `e:view: ${long}`,
    ].join(','),
  )
  expect(others).toEqual([])
  expect(problem?.variable).toBe('HTTP_API_KEYS')
  expect(problem?.expected).toBe(
    'name:role:key, separated by commas (entry 1: the role has to be push, view or operate; ' +
      'entry 2: it is not name:role:key; entry 3: it is not name:role:key; ' +
      'entry 4: the key has 5 characters, at least 24 are needed (openssl rand -hex 24); ' +
      'entry 5: the name has to be 1 to 40 letters, digits, _, . and -; ' +
      'entry 6: the key has to be printable ASCII without blanks)',
  )
  expect(problem?.found).toMatch(/^\d+ characters \(not shown\)$/)
  expect(JSON.stringify(problem)).not.toContain('xyzzy')
})

test('two keys with one name, or one key twice, are refused', () => {
  const [problem] = problemsOf(`a:push:${long},a:view:${long}`)
  expect(problem?.expected).toContain('two entries have the same name; two entries have the same key')
})

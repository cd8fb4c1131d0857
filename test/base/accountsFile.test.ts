import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findAccountsFileDanger } from '../../src/base/accounts/accountsFile.ts'
import { ConfigError } from '../../src/base/configError.ts'
import { loadProducerConfig } from '../../src/base/producerConfig.ts'
import { loadConfig } from '../../src/base/programConfig.ts'

const secret = 'f00dfeedf00dfeedf00dfeedf00dfeed'
const key = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'

const fromEnv = (name: string) => `\${${name}}`

function writeAccounts(content: unknown): string {
  const dir = mkdtempSync(join(tmpdir(), 'unionpush-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'accounts.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
  return path
}

function problemsOf(load: () => unknown): ConfigError['problems'] {
  try {
    load()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

const read = (accounts: unknown, env: Record<string, string> = {}) =>
  loadConfig({ ACCOUNTS_FILE: writeAccounts({ accounts }), ...env })

test('each account has what the file says of it, and the rest from the environment', () => {
  const [shop, club] = read(
    [
      {
        name: 'shop',
        appid: 'wxshop',
        secret,
        miniprogram: { appid: 'wxmini', secret, callback: { token: 'm' } },
        callback: { token: 't', encodingAesKey: key },
        syncCron: '0 5 * * *',
        rate: 20,
        concurrency: 7,
      },
      { name: 'club', appid: 'wxclub', secret },
    ],
    { PUSH_CONCURRENCY: '9' },
  ).accounts
  expect(shop).toEqual({
    name: 'shop',
    appid: 'wxshop',
    secret,
    miniProgram: { appid: 'wxmini', secret },
    miniProgramCallback: { appid: 'wxmini', token: 'm', encodingAesKeys: [] },
    callback: { token: 't', encodingAesKeys: [key] },
    syncCron: '0 5 * * *',
    syncDelay: 0,
    pushRate: 20,
    pushConcurrency: 7,
  })
  expect(club).toMatchObject({ name: 'club', syncCron: '30 3 * * *', pushRate: 0, pushConcurrency: 9 })
  expect(club?.callback).toBeUndefined()
})

test('accounts without a time of their own sync at different moments of an hour, always the same', () => {
  const accounts = Array.from({ length: 50 }, (_, n) => ({ name: `a${n}`, appid: `wx${n}`, secret }))
  const delays = read(accounts).accounts.map(({ syncDelay }) => syncDelay)
  expect(new Set(delays).size).toBeGreaterThan(45)
  expect(Math.max(...delays)).toBeLessThan(3_600_000)
  expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(1_800_000)
  expect(read(accounts.toReversed()).accounts.map(({ syncDelay }) => syncDelay)).toEqual(delays.toReversed())
})

test('every problem is told at once with its path, secrets are not', () => {
  const accounts = [
    { name: 'Shop', appid: 'wx 1', secret: 'two words' },
    { name: 'b', appid: 'wxb', secret: 'x'.repeat(129), rate: -1, secrett: 'typo', syncCron: 'at noon' },
    { appid: 'wxb', callback: { previousEncodingAesKey: key }, miniprogram: { appid: 'wxm' } },
    { name: 'b', appid: 'wxd', secret: fromEnv('NOT_SET'), concurrency: '5' },
  ]
  const problems = problemsOf(() =>
    read(accounts, { PUSH_ATTEMPTS: '0', WECHAT_SECRET: secret, SYNC_CRON: '1 1 1 1 1' }),
  )
  expect(Object.fromEntries(problems.map(({ variable, found }) => [variable, found]))).toEqual({
    PUSH_ATTEMPTS: '"0"',
    WECHAT_SECRET: '32 characters (not shown)',
    SYNC_CRON: '"1 1 1 1 1"',
    'accounts[3].secret': 'nothing',
    'accounts[0].name': '"Shop"',
    'accounts[0].appid': '"wx 1"',
    'accounts[0].secret': '9 characters (not shown)',
    'accounts[1].secret': '129 characters (not shown)',
    'accounts[1].rate': '-1',
    'accounts[1].secrett': 'it (not shown)',
    'accounts[1].syncCron': '"at noon"',
    'accounts[2].name': 'nothing',
    'accounts[2].secret': 'nothing',
    'accounts[2].callback.token': 'nothing',
    'accounts[2].miniprogram.secret': 'nothing',
    'accounts[3].concurrency': '"5"',
    'accounts[2].appid': '"wxb"',
    'accounts[3].name': '"b"',
  })
  expect(JSON.stringify(problems)).not.toMatch(/two words|typo|xxx|f00d|jWmYm/)
  const expectedOf = (name: string) => problems.find(({ variable }) => variable === name)?.expected
  expect(expectedOf('accounts[3].secret')).toBe('NOT_SET in the environment')
  expect(expectedOf('accounts[3].name')).toMatch('accounts[1] has it too')
  expect(expectedOf('WECHAT_SECRET')).toMatch('ACCOUNTS_FILE')
})

test.each([
  'WECHAT_APPID',
  'WECHAT_SECRET',
  'WECHAT_MINIPROGRAM_APPID',
  'WECHAT_MINIPROGRAM_SECRET',
  'WECHAT_MINIPROGRAM_CALLBACK_TOKEN',
  'WECHAT_MINIPROGRAM_ENCODING_AES_KEY',
  'WECHAT_CALLBACK_TOKEN',
  'WECHAT_ENCODING_AES_KEY',
  'WECHAT_ENCODING_AES_KEY_PREVIOUS',
  'SYNC_CRON',
  'PUSH_RATE',
])('%s does not go with the file', (name) => {
  const problems = problemsOf(() => read([{ name: 'a', appid: 'wxa', secret }], { [name]: '1' }))
  expect(problems.map(({ variable }) => variable)).toEqual([name])
})

test('a previous key needs a current one, which is missing', () => {
  const callback = { token: 't', previousEncodingAesKey: key }
  expect(problemsOf(() => read([{ name: 'a', appid: 'wxa', secret, callback }]))).toMatchObject([
    { variable: 'accounts[0].callback.encodingAesKey', found: 'nothing' },
  ])
})

test('a text that names a variable comes from the environment', () => {
  const accounts = [{ name: 'a', appid: fromEnv('APP'), secret: fromEnv('SECRET') }]
  expect(read(accounts, { APP: 'wxa', SECRET: secret }).accounts).toMatchObject([{ appid: 'wxa', secret }])
})

test('a word leads to one account, and a mini-program of several has one secret', () => {
  const account = (name: string, appid: string, miniSecret = 's') => ({
    name,
    appid,
    secret,
    miniprogram: { appid: 'wxm', secret: miniSecret },
  })
  const variables = (...accounts: unknown[]) =>
    problemsOf(() => read(accounts)).map(({ variable }) => variable)
  expect(variables(account('a', 'wxa'), account('b', 'wxb'))).toEqual([])
  expect(variables(account('a', 'wxa'), account('wxa', 'wxb'))).toEqual(['accounts[1].name'])
  expect(variables(account('a', 'wxa'), account('b', 'wxb', 'other'))).toEqual([
    'accounts[1].miniprogram.secret',
  ])
})

test.each([
  ['{"accounts": [{"name": "a",\n "secret": "f00dfeed" oops', /which is not JSON/],
  ['{}', /nothing/],
  ['{"accounts": []}', /an array/],
  ['[]', /an array/],
])('%s is no file of accounts', (text, found) => {
  const [problem, ...others] = problemsOf(() => loadConfig({ ACCOUNTS_FILE: writeAccounts(text) }))
  expect(others).toEqual([])
  expect(problem?.found).toMatch(found)
  expect(problem?.found).not.toContain('f00d')
})

test('a file that is not there is named', () => {
  expect(problemsOf(() => loadConfig({ ACCOUNTS_FILE: '/nowhere/accounts.json' }))).toMatchObject([
    { variable: 'ACCOUNTS_FILE', found: 'no file at /nowhere/accounts.json' },
  ])
})

test('a producer reads names and AppIDs, and needs no secret to be there', () => {
  const path = writeAccounts({
    accounts: [{ name: 'a', appid: 'wxa', secret: fromEnv('NOT_HERE'), rate: 'x' }],
  })
  expect(loadProducerConfig({ ACCOUNTS_FILE: path }).accounts).toEqual([{ name: 'a', appid: 'wxa' }])
})

test.skipIf(process.platform === 'win32')('a file that others may read is warned of', () => {
  const path = writeAccounts({})
  expect(findAccountsFileDanger(path)).toBeUndefined()
  chmodSync(path, 0o644)
  expect(findAccountsFileDanger(path)).toBe(
    `other users of this machine can read ACCOUNTS_FILE (its mode is 0644): chmod 600 ${path}`,
  )
})

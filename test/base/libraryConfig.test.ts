import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadCallbackConfig, loadMiniProgramConfig } from '../../src/base/accounts/libraryConfig.ts'
import { ConfigError } from '../../src/base/configError.ts'

const shop = {
  name: 'shop',
  appid: 'wx0123456789abcdef',
  secret: 'f00dfeedf00dfeedf00dfeedf00dfeed',
  callback: { token: 'aToken' },
}
const club = {
  name: 'club',
  appid: 'wx00000000000000aa',
  secret: 'f00dfeedf00dfeedf00dfeedf00dfeed',
  miniprogram: { appid: 'wx00000000000000bb', secret: 'f00dfeedf00dfeedf00dfeedf00dfeed' },
}

function toEnvironment(accounts: unknown[]) {
  const dir = mkdtempSync(join(tmpdir(), 'unionpush-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'accounts.json')
  writeFileSync(path, JSON.stringify({ accounts }))
  return { ACCOUNTS_FILE: path }
}

function problemsOf(load: () => unknown): string[] {
  try {
    load()
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ variable, expected }) => `${variable}: ${expected}`)
  }
}

test('the library takes one account of the file, by name or AppID, or the only one', () => {
  const both = toEnvironment([shop, club])
  expect(loadCallbackConfig(both, 'shop')).toMatchObject({
    appid: shop.appid,
    callback: { token: 'aToken' },
  })
  expect(loadMiniProgramConfig(both, club.appid)).toMatchObject({
    appid: club.appid,
    miniProgram: club.miniprogram,
  })
  expect(loadCallbackConfig(toEnvironment([shop]))).toMatchObject({ name: 'shop' })
})

test('which account is meant has to be said, and it must have what is needed', () => {
  const both = toEnvironment([shop, club])
  expect(problemsOf(() => loadCallbackConfig(both))).toEqual(['account: one of shop, club'])
  expect(problemsOf(() => loadMiniProgramConfig(both, 'pub'))).toEqual(['account: one of shop, club'])
  expect(problemsOf(() => loadCallbackConfig(both, 'club'))).toEqual([
    'callback of club in ACCOUNTS_FILE: {token, encodingAesKey}',
  ])
  expect(problemsOf(() => loadMiniProgramConfig(both, 'shop'))).toEqual([
    'miniprogram of shop in ACCOUNTS_FILE: {appid, secret}',
  ])
})

test('settings of a single account do not go with the file', () => {
  const env = { ...toEnvironment([shop, club]), WECHAT_CALLBACK_TOKEN: 'another' }
  expect(problemsOf(() => loadCallbackConfig(env, 'shop'))).toEqual([
    'WECHAT_CALLBACK_TOKEN: nothing, because ACCOUNTS_FILE says it for each account',
  ])
})

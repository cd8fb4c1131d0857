import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { day, hour } from '../../src/base/duration.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { createSessionToken } from '../../src/base/sessionToken.ts'
import { startAccountCron } from '../../src/roles/cron.ts'
import { openOnlyAccount } from '../helpers/onlyAccount.ts'
import { createTestLog, makeDir } from '../helpers/pushing.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('users of the mini-program who left, and sessions that ran out, are purged every hour', async () => {
  const { simulator } = await startSimulator({ followers: 1 })
  const now = Date.UTC(2026, 5, 1, 0, 30)
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now })
  const miniAppid = 'wx00000000000000aa'
  const config = loadConfig({
    WECHAT_API_BASE: simulator.base,
    WECHAT_APPID: simulator.appid,
    WECHAT_SECRET: simulator.secret,
    WECHAT_MINIPROGRAM_APPID: miniAppid,
    WECHAT_MINIPROGRAM_SECRET: 's',
    SYNC_CRON: '0 0 29 2 *',
    DATA_DIR: await makeDir(),
  })
  const account = await openOnlyAccount(config, createTestLog().log)
  onTestFinished(() => account.close())
  const users = account.runtime.database.users(miniAppid)
  const sessions = account.runtime.database.sessions(miniAppid)
  const logIn = (openid: string, at: number) =>
    users.recordLogin({ openid, unionid: undefined, sessionKey: 'sealed', at })
  await logIn('gone', now - 31 * day)
  await logIn('recent', now - 29 * day)
  const [living, expired] = [createSessionToken(), createSessionToken()]
  await sessions.start({ token: living, openid: 'recent', createdAt: now, expiresAt: now + day })
  await sessions.start({ token: expired, openid: 'recent', createdAt: 0, expiresAt: now - day })
  const cron = startAccountCron(account)
  onTestFinished(() => cron.stop())
  await vi.advanceTimersByTimeAsync(hour)
  await vi.waitUntil(async () => (await users.find('gone')) === undefined, { timeout: 10_000 })
  expect(await users.find('recent')).toBeDefined()
  expect(await sessions.find(living, 0)).toBeDefined()
  expect(await sessions.find(expired, 0)).toBeUndefined()
})

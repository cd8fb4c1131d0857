import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ConfigError } from '../../src/base/configError.ts'
import { createMiniProgram } from '../../src/library/createMiniProgram.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'

let directory: string
let simulator: Simulator
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unionpush-library-'))
  simulator = await createSimulator()
  vi.stubEnv('WECHAT_APPID', simulator.appid)
  vi.stubEnv('WECHAT_MINIPROGRAM_APPID', simulator.miniprogram.appid)
  vi.stubEnv('WECHAT_MINIPROGRAM_SECRET', simulator.miniprogram.secret)
  vi.stubEnv('WECHAT_API_BASE', simulator.base)
  vi.stubEnv('DATA_DIR', directory)
  vi.stubEnv('LOG_LEVEL', 'silent')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await simulator.close()
  await rm(directory, { recursive: true })
})

it('logs in with what the environment says, and every instance on the database knows the session', async () => {
  const first = createMiniProgram()
  const second = createMiniProgram()
  const block = Buffer.alloc(16).toString('base64')
  const login = await first.login(simulator.mintCode(1))
  expect(login).toMatchObject({ ok: true, unionid: 'known', following: false })
  expect(login).not.toHaveProperty('ids')
  const token = login.ok ? login.token : ''
  expect(await second.session(token)).toMatchObject({ ok: true })
  expect(await first.checkSession(token)).toEqual({ ok: true, alive: true })
  expect(await second.resetSession(token)).toEqual({ ok: true })
  expect(await first.phone(simulator.mintCode(1, { kind: 'phone' }))).toMatchObject({ countryCode: '86' })
  expect(await first.decrypt(token, { encryptedData: block, iv: block })).toMatchObject({
    reason: 'undecryptable',
  })
  expect(await second.paidUnionid(token, simulator.mintPayment(1))).toMatchObject({ unionid: 'known' })
  await second.logout(token)
  expect(await first.session(token)).toMatchObject({ ok: false, reason: 'no_session' })
  // The access_token of the mini-program is shared through the database.
  expect(simulator.stats().tokens.fetches).toBe(1)
  await first.close()
  await second.close()
})

it('takes options before the environment', async () => {
  vi.stubEnv('WECHAT_MINIPROGRAM_APPID', 'wxother')
  vi.stubEnv('WECHAT_MINIPROGRAM_SECRET', '')
  vi.stubEnv('WECHAT_APPID', '')
  const { unionid } = simulator.userAt(1)
  const miniProgram = createMiniProgram({
    ...simulator.miniprogram,
    serviceAppid: simulator.appid,
    databaseUrl: `file:${directory}/elsewhere.db`,
    exposeIds: true,
  })
  expect(await miniProgram.login(simulator.mintCode(1))).toMatchObject({ ids: { unionid } })
  await miniProgram.close()
})

it('names everything that is missing at once', () => {
  for (const name of ['WECHAT_APPID', 'WECHAT_MINIPROGRAM_APPID', 'WECHAT_MINIPROGRAM_SECRET'])
    vi.stubEnv(name, '')
  expect(createMiniProgram).toThrow(ConfigError)
  expect(createMiniProgram).toThrow(
    /WECHAT_APPID: .*\nWECHAT_MINIPROGRAM_APPID: .*\nWECHAT_MINIPROGRAM_SECRET: /,
  )
})

it('rejects while the database cannot be used, and works once it can', async () => {
  const path = join(directory, 'data', 'unionpush.db')
  await mkdir(join(directory, 'data'))
  await writeFile(path, 'no database, but longer than the header of one would be'.repeat(10))
  const miniProgram = createMiniProgram({ databaseUrl: `file:${path}` })
  const code = simulator.mintCode(1)
  await expect(miniProgram.login(code)).rejects.toMatchObject({ name: 'DatabaseError' })
  await rm(path)
  expect(await miniProgram.login(code)).toMatchObject({ ok: true })
  await miniProgram.close()
})

it('closes without ever having been used', async () => {
  await createMiniProgram().close()
})

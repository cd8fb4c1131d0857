import { expect, test } from 'vitest'
import { toUsedUpAt } from '../../../src/operations/monitoring/quotaPace.ts'
import { startApiWorld } from '../../helpers/apiWorld.ts'

const midnight = Date.parse('2026-11-30T00:00:00+08:00')
const hour = 3_600_000

test('a quota is used up at the hour to which the pace of the day leads, before midnight or not at all', () => {
  const at = (used: number, hours: number) =>
    toUsedUpAt({ dailyLimit: 100_000, used, remain: 100_000 - used }, midnight + hours * hour)
  expect(at(50_000, 10)).toBe(midnight + 20 * hour)
  expect(at(40_000, 10)).toBeUndefined()
  expect(at(50_000, 0.25)).toBeUndefined()
  expect(at(0, 10)).toBeUndefined()
})

test('the overview tells what waits longest, the quota, and the followers of each synced day', async () => {
  const world = await startApiWorld()
  const { get, post, appid, message, account } = world
  const before = (await get('/v1/overview')).body.accounts
  expect(before).toEqual([
    {
      account: appid,
      appid,
      oldestWaitingAt: null,
      quota: { limit: 100_000, used: 0, left: 100_000, usedUpAt: null },
      followers: [{ at: expect.any(String), total: 20 }],
    },
  ])
  await account.sync({})
  const asked = Date.now()
  for (const n of [0, 1]) await post('/v1/pushes', message(n))
  const [after] = (await get('/v1/overview')).body.accounts
  expect(Date.parse(after.oldestWaitingAt)).toBeGreaterThanOrEqual(asked - 1_000)
  expect(Date.parse(after.oldestWaitingAt)).toBeLessThanOrEqual(Date.now())
  expect(after.followers).toHaveLength(1)
  expect(after.followers[0].at > before[0].followers[0].at).toBe(true)
  expect((await get('/v1/overview', { key: 'push' })).status).toBe(403)
})

test('what WeChat does not tell is null, and keeps nobody from the rest', async () => {
  const world = await startApiWorld()
  world.simulator.addFault({ path: '/cgi-bin/openapi/quota/get', action: { errcode: 48_001 } })
  const { body } = await world.get('/v1/overview')
  expect(body.accounts[0]).toMatchObject({ quota: null, followers: [{ total: 20 }] })
})

test('a user of the mini-program is found by the openid there', async () => {
  const miniProgram = 'wx00000000000000aa'
  const env = { WECHAT_MINIPROGRAM_APPID: miniProgram, WECHAT_MINIPROGRAM_SECRET: 's'.repeat(32) }
  const { get, account } = await startApiWorld({ env, synced: false })
  const users = account.runtime.database.users(miniProgram)
  await users.recordLogin({ openid: 'mini-1', unionid: 'union-1', sessionKey: 'k', at: Date.now() })
  await users.recordLogin({ openid: 'mini-2', unionid: undefined, sessionKey: 'k', at: Date.now() })
  expect((await get('/v1/users/mini-1')).body).toEqual({
    openid: 'mini-1',
    appid: miniProgram,
    unionid: 'union-1',
  })
  expect((await get('/v1/users/mini-2')).body.unionid).toBeNull()
  const unknown = await get('/v1/users/mini-3')
  expect([unknown.status, unknown.body.type]).toEqual([404, 'urn:unionpush:unknown_user'])
  const { get: getWithout } = await startApiWorld({ synced: false })
  expect((await getWithout('/v1/users/mini-1')).status).toBe(404)
})

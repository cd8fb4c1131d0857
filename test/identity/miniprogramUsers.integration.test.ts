import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { day } from '../../src/base/duration.ts'
import { createSessionToken } from '../../src/base/sessionToken.ts'
import { startCallback } from '../../src/callback/callback.ts'
import { createSessions } from '../../src/db/sqlite/users/sessions.ts'
import { createUsers } from '../../src/db/sqlite/users/users.ts'
import { openTestDatabase } from '../helpers/database.ts'
import { callbackAccount, eventXml, plainQuery } from '../helpers/seal.ts'

const miniAppid = 'wx00000000000000aa'
const log = pino({ level: 'silent' })

test('users of the mini-program who left are deleted like followers, those with a living session stay', async () => {
  const database = await openTestDatabase()
  const users = createUsers(database, miniAppid)
  const sessions = createSessions(database, miniAppid)
  const now = Date.now()
  const logIn = (openid: string, at: number) =>
    users.recordLogin({ openid, unionid: `union of ${openid}`, sessionKey: 'sealed', at })
  for (let n = 0; n < 1_500; n++) await logIn(`gone${n}`, now - 31 * day)
  await logIn('recent', now - 29 * day)
  await logIn('living', now - 90 * day)
  await logIn('expired', now - 90 * day)
  for (const [openid, expiresAt] of [
    ['living', now + day],
    ['expired', now - day],
  ] as const) {
    await sessions.start({ token: createSessionToken(), openid, createdAt: 0, expiresAt })
  }
  await createUsers(database, 'wx-other').recordLogin({
    openid: 'other',
    unionid: undefined,
    sessionKey: 'sealed',
    at: 0,
  })
  expect(await users.purge({ before: now - 30 * day, now })).toBe(1_501)
  const left = database.read.query.users.findMany().sync()
  expect(left.map(({ openid }) => openid).sort()).toEqual(['living', 'other', 'recent'])
  expect(database.read.query.sessions.findMany().sync()).toHaveLength(1)
})

test("the mini-program's own message push brings its privacy events, and nothing else", async () => {
  const database = await openTestDatabase()
  const { appid, token } = callbackAccount
  const miniToken = 'another1'
  const users = createUsers(database, miniAppid)
  for (const openid of ['o1', 'o2']) {
    await users.recordLogin({ openid, unionid: 'u', sessionKey: 'sealed', at: Date.now() })
  }
  const callback = startCallback({
    appid,
    accounts: [
      { appid, token, encodingAesKeys: [] },
      { appid: miniAppid, token: miniToken, encodingAesKeys: [] },
    ],
    db: database,
    api: { getFollower: () => Promise.reject(new Error('nobody is asked about')) },
    followers: { upsert: async () => {} },
    log,
  })
  const post = (event: string, fields: Record<string, string>, signedWith = miniToken) =>
    callback.receive({
      method: 'POST',
      query: plainQuery({ token: signedWith }),
      body: eventXml(event, fields),
      appid: miniAppid,
    })
  // Whose app it is goes without saying there.
  const cancelled = { FromUserName: 'platform', OpenID: 'o1' }
  expect(await post('user_authorization_cancellation', cancelled, token)).toMatchObject({ status: 403 })
  expect(await post('user_authorization_cancellation', cancelled)).toEqual({ status: 200, body: 'success' })
  expect(await post('subscribe', { FromUserName: 'o2' })).toEqual({ status: 200, body: 'success' })
  await vi.waitUntil(async () => (await users.find('o1')) === undefined, { timeout: 5_000 })
  await callback.close()
  expect(await users.find('o2')).toMatchObject({ unionid: 'u' })
  expect(database.read.query.callbackEvents.findMany().sync()).toMatchObject([
    { app: miniAppid, dueAt: null },
  ])
  expect(database.read.query.followers.findMany().sync()).toEqual([])
})

import { describe, expect, test } from 'vitest'
import { day } from '../../src/base/duration.ts'
import { createSessionToken, toTokenHash } from '../../src/base/sessionToken.ts'
import { engines } from './engines.ts'

const appid = 'wxmini'
const login = { openid: 'm1', unionid: 'u1', sessionKey: 'sealed', at: 1_000 }

describe.each(engines)('$name', ({ create }) => {
  test('a user keeps a unionid that a login leaves out', async () => {
    const { database } = await create()
    const users = database.users(appid)
    expect(await users.find('m1')).toBeUndefined()
    await users.recordLogin({ ...login, unionid: undefined })
    await users.completeUnionid({ openid: 'm1', unionid: 'u1' })
    await users.completeUnionid({ openid: 'm1', unionid: 'u2' })
    await users.recordLogin({ ...login, unionid: undefined, sessionKey: 'sealed again', at: 2_000 })
    expect(await users.find('m1')).toEqual({ unionid: 'u1', sessionKey: 'sealed again' })
    await users.setUnionid({ openid: 'm1', unionid: 'u3' })
    await users.setSessionKey({ openid: 'm1', sessionKey: 'new' })
    expect(await users.find('m1')).toEqual({ unionid: 'u3', sessionKey: 'new' })
    expect(await database.users('wx-other').find('m1')).toBeUndefined()
  })

  test('the last logins are told with their unionids, of one mini-program alone', async () => {
    const { database } = await create()
    const users = database.users(appid)
    await users.recordLogin(login)
    await users.recordLogin({ ...login, openid: 'm2', unionid: undefined, at: 3_000 })
    await users.recordLogin({ ...login, openid: 'm3', unionid: 'u3', at: 2_000 })
    await database.users('wx-other').recordLogin({ ...login, openid: 'm4', unionid: 'u4', at: 4_000 })
    expect(await users.findRecent(2)).toEqual([null, 'u3'])
    expect(await users.findRecent(9)).toEqual([null, 'u3', 'u1'])
  })

  test('a session lives until it expires or ends, and goes with its user', async () => {
    const { database, query } = await create()
    const users = database.users(appid)
    const sessions = database.sessions(appid)
    const find = database.sessionUsers()
    const now = Date.now()
    const [token, brief] = [createSessionToken(), createSessionToken()]
    await users.recordLogin(login)
    await sessions.start({ token, openid: 'm1', createdAt: now, expiresAt: now + day })
    await sessions.start({ token: brief, openid: 'm1', createdAt: now, expiresAt: now + day })
    expect(await sessions.find(token, now)).toEqual({ openid: 'm1', expiresAt: now + day })
    expect(await sessions.find(token, now + day)).toBeUndefined()
    expect(await sessions.find('no token', now)).toBeUndefined()
    expect(await database.sessions('wx-other').find(token, now)).toBeUndefined()
    expect(await find(toTokenHash(token) ?? '')).toEqual({ unionid: 'u1' })
    await sessions.extend(token, now + 2 * day)
    expect(await sessions.find(token, now + day)).toEqual({ openid: 'm1', expiresAt: now + 2 * day })
    expect(await sessions.purge(now + day)).toBe(1)
    await sessions.end(token)
    expect(await sessions.find(token, now)).toBeUndefined()
    await sessions.start({ token, openid: 'm1', createdAt: now, expiresAt: now + day })
    await database.write([database.liveFollowers('wx1').toForgetUsers([{ openid: 'm1', app: appid }])])
    expect(await users.find('m1')).toBeUndefined()
    expect(await query('SELECT openid FROM sessions')).toEqual([])
  })

  test('users who have been away are purged, however many, those with a living session stay', async () => {
    const { database, query } = await create()
    const now = Date.now()
    await query(
      `INSERT INTO users (appid, openid, session_key, created_at, login_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT '${appid}', 'm' || i, '', 1, 1 FROM n`,
    )
    const token = createSessionToken()
    await database.sessions(appid).start({ token, openid: 'm7', createdAt: now, expiresAt: now + day })
    await database.users(appid).recordLogin({ ...login, openid: 'new', at: now })
    expect(await database.users(appid).purge({ before: now, now })).toBe(2_499)
    expect((await query('SELECT openid FROM users ORDER BY openid')).map(({ openid }) => openid)).toEqual([
      'm7',
      'new',
    ])
  })
})

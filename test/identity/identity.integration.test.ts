import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { day, hour, minute } from '../../src/base/duration.ts'
import { encryptByOpenssl, signByOpenssl } from '../helpers/encryptedData.ts'
import { type MiniProgramWorld, openMiniProgramWorld } from '../helpers/miniProgram.ts'

let world: MiniProgramWorld
beforeAll(async () => {
  world = await openMiniProgramWorld()
})
afterAll(() => world.close())

/** Two people nobody has seen before. */
let user = 0
let other = 1
beforeEach(() => {
  user += 2
  other += 2
})
afterEach(() => world.simulator.clearFaults())

const openidOf = (user: number) => world.simulator.userAt(user).miniprogramOpenid ?? ''
const unionidOf = (user: number) => world.simulator.userAt(user).unionid ?? ''
const calls = (path: string) => world.simulator.stats().calls[path] ?? 0

/** A session of this user; WeChat keeps the unionid to itself unless told otherwise. */
async function logIn(user: number, { unionid = true } = {}): Promise<string> {
  const login = await world.identity.login(world.simulator.mintCode(user, { unionid }))
  if (!login.ok) throw new Error(login.reason)
  return login.token
}

/** What WeChat would encrypt for this user now. */
function seal(user: number, changes: Record<string, unknown> = {}) {
  const data = {
    openId: openidOf(user),
    nickName: '微信用户',
    unionId: unionidOf(user),
    watermark: { appid: world.account.appid, timestamp: Math.floor(world.now() / 1000) },
    ...changes,
  }
  return encryptByOpenssl(JSON.stringify(data), world.simulator.sessionKeyOf(user) ?? '')
}

describe('login', () => {
  it('opens a session and says whether the unionid is known and the user follows', async () => {
    const stranger = await world.identity.login(world.simulator.mintCode(user))
    expect(stranger).toMatchObject({ ok: true, unionid: 'known', following: false })
    await world.follow(other)
    expect(await world.identity.login(world.simulator.mintCode(other))).toEqual({
      ok: true,
      token: expect.stringMatching(/^[\w-]{43}$/),
      expiresAt: expect.closeTo(world.now() + 30 * day, -4),
      unionid: 'known',
      following: true,
    })
  })

  it('knows that a user who has left does not follow', async () => {
    await world.follow(user)
    const token = await logIn(user)
    expect(await world.identity.session(token)).toMatchObject({ following: true })
    await world.unfollow(user)
    expect(await world.identity.session(token)).toMatchObject({ unionid: 'known', following: false })
  })

  it('keeps neither the token nor a readable session_key', async () => {
    const token = await logIn(user)
    const key = world.simulator.sessionKeyOf(user) ?? ''
    expect(key).toHaveLength(24)
    expect(world.dump()).toContain(openidOf(user))
    expect(world.dump()).not.toContain(token)
    expect(world.dump()).not.toContain(key)
  })

  it('tells openid and unionid only where that is configured', async () => {
    const open = await openMiniProgramWorld({ exposeIds: true })
    try {
      const { miniprogramOpenid, unionid } = open.simulator.userAt(7)
      expect(await open.identity.login(open.simulator.mintCode(7))).toMatchObject({
        ids: { openid: miniprogramOpenid, unionid },
      })
      expect(await open.identity.login(open.simulator.mintCode(8, { unionid: false }))).toMatchObject({
        unionid: 'missing',
        ids: { unionid: null },
      })
    } finally {
      await open.close()
    }
    expect(await world.identity.login(world.simulator.mintCode(7))).not.toHaveProperty('ids')
  })

  it('completes a missing unionid at a later login and never loses a known one', async () => {
    expect(await world.identity.session(await logIn(user, { unionid: false }))).toMatchObject({
      unionid: 'missing',
      following: false,
    })
    expect(await world.identity.session(await logIn(user))).toMatchObject({ unionid: 'known' })
    expect(await world.identity.session(await logIn(user, { unionid: false }))).toMatchObject({
      unionid: 'known',
    })
    expect(await world.users.find(openidOf(user))).toMatchObject({ unionid: unionidOf(user) })
  })

  it('uses a code once, also when it comes twice at the same time', async () => {
    const code = world.simulator.mintCode(user)
    const before = calls('/sns/jscode2session')
    const results = await Promise.all([world.identity.login(code), world.identity.login(code)])
    expect(results.map((result) => (result.ok ? 'ok' : result.reason))).toEqual(['ok', 'code_used'])
    expect(await world.identity.login(code)).toMatchObject({ ok: false, reason: 'code_used' })
    expect(calls('/sns/jscode2session')).toBe(before + 1)
  })

  it('leaves it to WeChat whether a code whose call failed is still good', async () => {
    const code = world.simulator.mintCode(user)
    world.simulator.addFault({ path: '/sns/jscode2session', action: { status: 502 }, times: 1 })
    await expect(world.identity.login(code)).rejects.toMatchObject({ name: 'WechatNetworkError' })
    expect(await world.identity.login(code)).toMatchObject({ ok: true })
  })

  it.each([
    [40029, 'code_invalid'],
    [40163, 'code_used'],
    [40226, 'user_blocked'],
    [45011, 'too_often'],
    [-1, 'wechat_busy'],
    [45009, 'quota_exhausted'],
  ])('answers WeChat errcode %i as %s', async (errcode, reason) => {
    world.simulator.addFault({ path: '/sns/jscode2session', action: { errcode } })
    const result = await world.identity.login(world.simulator.mintCode(user))
    const rid = expect.stringMatching(/^[\da-f-]{26}$/)
    expect(result).toEqual({ ok: false, reason, message: expect.any(String), errcode, rid })
  })

  it('refuses codes that WeChat refuses: unknown, old, of a high-risk user', async () => {
    const { identity, simulator } = world
    const old = simulator.mintCode(user)
    world.advance(6 * minute)
    expect(await identity.login('0nosuchcode')).toMatchObject({ reason: 'code_invalid' })
    expect(await identity.login(old)).toMatchObject({ reason: 'code_invalid' })
    expect(await identity.login(simulator.mintCode(other, { highRisk: true }))).toMatchObject({
      reason: 'user_blocked',
    })
    expect(world.dump()).not.toContain(openidOf(user))
    expect(world.dump()).not.toContain(openidOf(other))
  })

  it('throws what the user cannot help: a wrong AppSecret', async () => {
    world.simulator.addFault({ path: '/sns/jscode2session', action: { errcode: 40125 } })
    await expect(world.identity.login(world.simulator.mintCode(user))).rejects.toMatchObject({
      name: 'WechatApiError',
      errcode: 40125,
    })
  })
})

describe('session', () => {
  it('lives on while it is used, with at most one write a day', async () => {
    const token = await logIn(user)
    const expiresAt = async () => {
      const session = await world.identity.session(token)
      return session.ok ? session.expiresAt : 0
    }
    const first = await expiresAt()
    world.advance(23 * hour)
    expect(await expiresAt()).toBe(first)
    world.advance(2 * hour)
    expect(await expiresAt()).toBeCloseTo(first + 25 * hour, -4)
    for (let month = 0; month < 6; month++) {
      world.advance(29 * day)
      expect(await world.identity.session(token)).toMatchObject({ ok: true })
    }
  })

  it('ends after its days without use, is refused and can be purged', async () => {
    const token = await logIn(user)
    const used = await logIn(other)
    world.advance(16 * day)
    expect(await world.identity.session(used)).toMatchObject({ ok: true })
    world.advance(15 * day)
    expect(await world.identity.session(token)).toMatchObject({ ok: false, reason: 'no_session' })
    expect(await world.sessions.purge(world.now())).toBeGreaterThan(0)
    expect(await world.sessions.purge(world.now())).toBe(0)
    expect(await world.identity.session(used)).toMatchObject({ ok: true })
  })

  it('ends at logout, and only that one', async () => {
    const [token, second] = [await logIn(user), await logIn(user)]
    await world.identity.logout(token)
    await world.identity.logout('nonsense')
    expect(await world.identity.session(token)).toMatchObject({ reason: 'no_session' })
    expect(await world.identity.session(second)).toMatchObject({ ok: true })
  })

  it('is asked for by every call about a user', async () => {
    const { identity, simulator } = world
    const code = simulator.mintCode(user, { kind: 'phone' })
    for (const token of ['', 'x'.repeat(43)]) {
      const refused = { ok: false, reason: 'no_session' }
      expect(await identity.session(token)).toMatchObject(refused)
      expect(await identity.decrypt(token, { encryptedData: '', iv: '' })).toMatchObject(refused)
      expect(await identity.phone(code, token)).toMatchObject(refused)
      expect(await identity.checkSession(token)).toMatchObject(refused)
      expect(await identity.resetSession(token)).toMatchObject(refused)
      expect(await identity.paidUnionid(token, { transactionId: '1' })).toMatchObject(refused)
    }
    expect(await identity.phone(code)).toMatchObject({ ok: true })
  })
})

describe('encrypted data', () => {
  it('give the unionid that login did not give, and the rest of what they say', async () => {
    await world.follow(user)
    const token = await logIn(user, { unionid: false })
    expect(await world.identity.decrypt(token, seal(user))).toEqual({
      ok: true,
      unionid: 'known',
      following: true,
      data: { nickName: '微信用户' },
    })
    expect(await world.users.find(openidOf(user))).toMatchObject({ unionid: unionidOf(user) })
  })

  it('never replace a unionid that WeChat gave at login', async () => {
    const token = await logIn(user)
    const result = await world.identity.decrypt(token, seal(user, { unionId: unionidOf(other) }))
    expect(result).toMatchObject({ ok: true, unionid: 'known' })
    expect(await world.users.find(openidOf(user))).toMatchObject({ unionid: unionidOf(user) })
  })

  it('are no source of a unionid without the openid they belong to', async () => {
    const token = await logIn(user, { unionid: false })
    expect(await world.identity.decrypt(token, seal(user, { openId: undefined }))).toMatchObject({
      ok: true,
      unionid: 'missing',
    })
  })

  it('are refused when they are about somebody else', async () => {
    const token = await logIn(user, { unionid: false })
    const result = await world.identity.decrypt(
      token,
      seal(user, { openId: openidOf(other), unionId: unionidOf(other) }),
    )
    expect(result).toMatchObject({ ok: false, reason: 'other_user' })
    expect(await world.users.find(openidOf(user))).toMatchObject({ unionid: null })
  })

  it('are refused when made with the key of an earlier login, for another app, or long ago', async () => {
    const token = await logIn(user)
    const early = seal(user)
    await logIn(user)
    expect(await world.identity.decrypt(token, early)).toMatchObject({ reason: 'undecryptable' })
    const foreign = seal(user, { watermark: { appid: 'wxother', timestamp: Math.floor(world.now() / 1000) } })
    expect(await world.identity.decrypt(token, foreign)).toMatchObject({ reason: 'other_app' })
    const late = seal(user)
    world.advance(2 * hour)
    expect(await world.identity.decrypt(token, late)).toMatchObject({ reason: 'too_old' })
  })

  it('have their signature checked when there is one', async () => {
    const token = await logIn(user)
    const rawData = '{"nickName":"微信用户"}'
    const signature = signByOpenssl(rawData, world.simulator.sessionKeyOf(user) ?? '')
    const sealed = seal(user)
    expect(await world.identity.decrypt(token, { ...sealed, rawData, signature })).toMatchObject({ ok: true })
    for (const bad of [{ rawData: '{}', signature }, { rawData }, { signature }]) {
      expect(await world.identity.decrypt(token, { ...sealed, ...bad })).toMatchObject({
        reason: 'bad_signature',
      })
    }
  })
})

describe('session_key', () => {
  it('is checked with WeChat and replaced on demand', async () => {
    const token = await logIn(user)
    expect(await world.identity.checkSession(token)).toEqual({ ok: true, alive: true })
    const before = world.simulator.sessionKeyOf(user)
    expect(await world.identity.resetSession(token)).toEqual({ ok: true })
    expect(world.simulator.sessionKeyOf(user)).not.toBe(before)
    expect(await world.identity.checkSession(token)).toEqual({ ok: true, alive: true })
    expect(await world.identity.decrypt(token, seal(user))).toMatchObject({ ok: true })
  })

  it('that WeChat no longer honours is dead, while the session goes on', async () => {
    const token = await logIn(user)
    world.advance(4 * day)
    expect(await world.identity.checkSession(token)).toEqual({ ok: true, alive: false })
    expect(await world.identity.resetSession(token)).toMatchObject({ ok: false, reason: 'session_key_stale' })
    expect(await world.identity.session(token)).toMatchObject({ ok: true })
  })

  it('sealed under another AppSecret asks for a new login', async () => {
    const token = await logIn(user)
    await world.users.setSessionKey({ openid: openidOf(user), sessionKey: 'v1.sealed-elsewhere' })
    expect(await world.identity.checkSession(token)).toMatchObject({ ok: false, reason: 'session_key_stale' })
    await logIn(user)
    expect(await world.identity.checkSession(token)).toEqual({ ok: true, alive: true })
  })
})

describe('phone number', () => {
  it('comes for the code of the phone button, which works once', async () => {
    const token = await logIn(user)
    const code = world.simulator.mintCode(user, { kind: 'phone' })
    const before = calls('/wxa/business/getuserphonenumber')
    const results = await Promise.all([world.identity.phone(code, token), world.identity.phone(code, token)])
    expect(results).toEqual([
      {
        ok: true,
        phoneNumber: expect.stringMatching(/^138\d{8}$/),
        purePhoneNumber: expect.stringMatching(/^138\d{8}$/),
        countryCode: '86',
      },
      expect.objectContaining({ reason: 'code_used' }),
    ])
    expect(calls('/wxa/business/getuserphonenumber')).toBe(before + 1)
  })

  it('does not come for a login code', async () => {
    expect(await world.identity.phone(world.simulator.mintCode(user))).toMatchObject({
      reason: 'code_invalid',
    })
  })

  it('survives a killed access_token', async () => {
    await world.identity.phone(world.simulator.mintCode(user, { kind: 'phone' }))
    const { fetches } = world.simulator.stats().tokens
    world.simulator.killToken(world.account.appid)
    expect(await world.identity.phone(world.simulator.mintCode(user, { kind: 'phone' }))).toMatchObject({
      ok: true,
    })
    expect(world.simulator.stats().tokens.fetches).toBe(fetches + 1)
  })
})

describe('payment', () => {
  it('gives the unionid, by either number', async () => {
    const { transactionId, mchId, outTradeNo } = world.simulator.mintPayment(user)
    const known = { ok: true, unionid: 'known', following: false }
    const token = await logIn(user, { unionid: false })
    expect(await world.identity.paidUnionid(token, { transactionId })).toEqual(known)
    expect(await world.identity.paidUnionid(token, { mchId, outTradeNo })).toEqual(known)
    expect(await world.users.find(openidOf(user))).toMatchObject({ unionid: unionidOf(user) })
  })

  it('does not when it is unknown, of another user, or more than five minutes ago', async () => {
    const token = await logIn(user, { unionid: false })
    const refused = { ok: false, reason: 'order_invalid' }
    const { transactionId } = world.simulator.mintPayment(other)
    expect(await world.identity.paidUnionid(token, { transactionId })).toMatchObject(refused)
    expect(await world.identity.paidUnionid(token, { transactionId: '4200' })).toMatchObject(refused)
    const old = world.simulator.mintPayment(user)
    world.advance(6 * minute)
    expect(await world.identity.paidUnionid(token, old)).toMatchObject(refused)
    expect(await world.identity.session(token)).toMatchObject({ unionid: 'missing' })
  })
})

it('logs no secret, code, session_key, token or id', async () => {
  const { identity, simulator, account } = world
  const code = simulator.mintCode(user)
  const login = await identity.login(code)
  const token = login.ok ? login.token : ''
  const key = simulator.sessionKeyOf(user) ?? ''
  await identity.login(code)
  await identity.decrypt(token, seal(user))
  await identity.checkSession(token)
  simulator.addFault({ action: { errcode: 40125 } })
  const failures = await Promise.allSettled([
    identity.login(simulator.mintCode(other)),
    identity.phone('some-phone-code'),
    identity.checkSession(token),
  ])
  const said =
    world.logLines.join('') + failures.map((f) => (f.status === 'rejected' ? f.reason.stack : '')).join('')
  expect(failures.every((failure) => failure.status === 'rejected')).toBe(true)
  for (const text of [account.secret, code, key, token, 'some-phone-code', openidOf(user), unionidOf(user)]) {
    expect(said).not.toContain(text)
  }
})

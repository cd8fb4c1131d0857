import { Validator } from '@seriousme/openapi-schema-validator'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { day, minute, second, toShanghaiDayStart } from '../../src/base/duration.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { createSessionKey, encryptByOpenssl, signByOpenssl } from '../helpers/encryptedData.ts'
import { type MiniProgramWorld, openMiniProgramWorld } from '../helpers/miniProgram.ts'

let world: MiniProgramWorld
let server: HttpServer
beforeAll(async () => {
  world = await openMiniProgramWorld()
})
afterAll(() => world.close())

/** A person nobody has seen before, on a server that has counted nobody yet. */
let user = 0
beforeEach(async () => {
  user += 1
  server = await world.listen()
})
afterEach(async () => {
  world.simulator.clearFaults()
  await server.close()
})

interface Answer {
  status: number
  body: Record<string, unknown>
  headers: Headers
}

interface Request {
  body?: unknown
  token?: string
  headers?: Record<string, string>
}

async function send(
  method: string,
  path: string,
  { body, token, headers = {} }: Request = {},
): Promise<Answer> {
  const response = await fetch(`${server.url}/miniprogram/${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
}

async function logIn({ unionid = true } = {}): Promise<string> {
  const { body } = await send('POST', 'login', {
    body: { code: world.simulator.mintCode(user, { unionid }) },
  })
  return String(body.token)
}

function userInfo() {
  const { miniprogramOpenid: openId, unionid: unionId } = world.simulator.userAt(user)
  const sessionKey = world.simulator.sessionKeyOf(user) ?? ''
  const watermark = { appid: world.account.appid, timestamp: Math.floor(world.now() / 1000) }
  const rawData = JSON.stringify({ nickName: '微信用户' })
  return {
    ...encryptByOpenssl(JSON.stringify({ openId, unionId, nickName: '微信用户', watermark }), sessionKey),
    rawData,
    signature: signByOpenssl(rawData, sessionKey),
  }
}

const openapi = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })

const refusal = (code: string) => ({ error: { code, message: expect.any(String) } })

describe('POST /miniprogram/login', () => {
  it('answers with an opaque session and no id', async () => {
    await world.follow(user)
    const answer = await send('POST', 'login', { body: { code: world.simulator.mintCode(user) } })
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.body).toEqual({
      token: expect.stringMatching(/^[\w-]{43}$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      unionid: 'known',
      following: true,
    })
    expect(Date.parse(String(answer.body.expiresAt))).toBeCloseTo(world.now() + 30 * day, -4)
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('tells openid and unionid where the server is configured to', async () => {
    const open = await openMiniProgramWorld({ exposeIds: true })
    const openServer = await open.listen()
    try {
      const response = await fetch(`${openServer.url}/miniprogram/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: open.simulator.mintCode(1) }),
      })
      const { miniprogramOpenid: openid, unionid } = open.simulator.userAt(1)
      expect(await response.json()).toMatchObject({ unionid: 'known', ids: { openid, unionid } })
    } finally {
      await openServer.close()
      await open.close()
    }
  })

  it.each([
    [40029, 400, 'code_invalid', null],
    [40163, 409, 'code_used', null],
    [40226, 403, 'user_blocked', null],
    [45011, 429, 'too_often', '60'],
    [-1, 503, 'wechat_busy', '5'],
    [40125, 503, 'wechat_unavailable', '5'],
    [48001, 503, 'wechat_unavailable', '5'],
    [20001, 503, 'wechat_unavailable', '5'],
  ])('answers WeChat errcode %i with %i %s', async (errcode, status, code, retryAfter) => {
    world.simulator.addFault({ path: '/sns/jscode2session', action: { errcode } })
    const answer = await send('POST', 'login', { body: { code: world.simulator.mintCode(user) } })
    const { error } = refusal(code)
    const rid = expect.stringMatching(/^[\da-f-]{26}$/)
    expect(answer).toMatchObject({ status, body: { error: { ...error, errcode, rid } } })
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
    const lines = world.logLines.map((line) => JSON.parse(line)).filter((line) => line.errcode === errcode)
    expect(lines).toEqual(status === 503 ? [expect.objectContaining({ rid })] : [])
  })

  it('promises nothing for the next moment when the quota of the day is used up', async () => {
    world.simulator.addFault({ path: '/sns/jscode2session', action: { errcode: 45009 } })
    const answer = await send('POST', 'login', { body: { code: world.simulator.mintCode(user) } })
    expect(answer).toMatchObject({ status: 503, body: refusal('quota_exhausted') })
    expect(JSON.stringify(answer.body)).toContain('00:00')
    const wait = Number(answer.headers.get('retry-after'))
    const midnight = toShanghaiDayStart(Date.now()) + day
    expect(Date.now() + wait * second).toBeGreaterThan(midnight)
    expect(Date.now() + wait * second).toBeLessThan(midnight + 2 * minute)
  })

  it('says what concerns the server to its owner, not to the user', async () => {
    world.simulator.addFault({ path: '/sns/jscode2session', action: { errcode: 48001 } })
    const answer = await send('POST', 'login', { body: { code: world.simulator.mintCode(user) } })
    expect(JSON.stringify(answer.body)).not.toContain('in a moment')
    expect(world.logLines.join('')).toContain('the mini-program may not call this API')
  })

  it('answers 503 while WeChat cannot be reached', async () => {
    world.simulator.addFault({ path: '/sns/jscode2session', action: { status: 502 } })
    const answer = await send('POST', 'login', { body: { code: world.simulator.mintCode(user) } })
    expect(answer).toMatchObject({ status: 503, body: refusal('wechat_unavailable') })
  })

  it('answers 409 to the second of two equal requests, though the first is still under way', async () => {
    world.simulator.addFault({ path: '/sns/jscode2session', action: { delayMs: 50 } })
    const body = { code: world.simulator.mintCode(user) }
    const answers = await Promise.all([send('POST', 'login', { body }), send('POST', 'login', { body })])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  it.each([
    ['nothing', undefined],
    ['no code', {}],
    ['an empty code', { code: '' }],
    ['a number', { code: 5 }],
    ['a list', [{ code: 'x' }]],
    ['an endless code', { code: 'x'.repeat(257) }],
    ['no JSON', '{"code": "abc'],
  ])('refuses %s with 400 and asks WeChat nothing', async (_, body) => {
    const before = world.simulator.stats().calls['/sns/jscode2session'] ?? 0
    expect(await send('POST', 'login', { body })).toMatchObject({ status: 400, body: refusal('bad_request') })
    expect(world.simulator.stats().calls['/sns/jscode2session'] ?? 0).toBe(before)
  })

  it('refuses other types with 415 and large bodies with 413', async () => {
    const text = { body: 'code=1', headers: { 'content-type': 'text/plain' } }
    expect(await send('POST', 'login', text)).toMatchObject({ status: 415, body: refusal('bad_request') })
    const large = { body: { code: 'x'.repeat(20_000) } }
    expect(await send('POST', 'login', large)).toMatchObject({ status: 413, body: refusal('bad_request') })
  })
})

describe('a route that needs a session', () => {
  it.each([
    ['POST', 'userinfo'],
    ['POST', 'phone'],
    ['GET', 'session'],
  ])('answers 401 without a live one: %s %s', async (method, path) => {
    const ended = await logIn()
    expect(await send('POST', 'logout', { token: ended })).toMatchObject({ status: 204, body: {} })
    const bodies =
      method === 'GET' ? [undefined] : [userInfo(), { code: 'x' }, { errMsg: 'x:fail auth deny' }]
    for (const body of bodies.slice(path === 'phone' ? 1 : 0, path === 'phone' ? 3 : 1)) {
      for (const headers of [{}, { authorization: ended }, { authorization: `Bearer ${ended}` }]) {
        const answer = await send(method, path, { body, headers })
        expect(answer).toMatchObject({ status: 401, body: refusal('no_session') })
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
    }
  })

  it('takes the token as a bearer token and no other way', async () => {
    const token = await logIn()
    for (const authorization of [token, `Basic ${token}`, `Bearer ${token} x`, 'Bearer']) {
      expect(await send('GET', 'session', { headers: { authorization } })).toMatchObject({ status: 401 })
    }
    const headers = { authorization: `bearer ${token}` }
    expect(await send('GET', 'session', { headers })).toMatchObject({ status: 200 })
  })

  it('says how the session is', async () => {
    const answer = await send('GET', 'session', { token: await logIn() })
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.body).toEqual({ expiresAt: expect.any(String), unionid: 'known', following: false })
  })
})

describe('POST /miniprogram/userinfo', () => {
  it('learns the unionid and tells only that', async () => {
    const token = await logIn({ unionid: false })
    expect((await send('GET', 'session', { token })).body).toMatchObject({ unionid: 'missing' })
    const answer = await send('POST', 'userinfo', {
      token,
      body: { ...userInfo(), errMsg: 'getUserInfo:ok' },
    })
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.body).toEqual({ unionid: 'known', following: false })
  })

  it('takes the refusal of a user for an answer', async () => {
    const token = await logIn({ unionid: false })
    const body = { errMsg: 'getUserInfo:fail auth deny' }
    expect(await send('POST', 'userinfo', { token, body })).toMatchObject({
      status: 200,
      body: { unionid: 'missing', following: false },
    })
  })

  it('refuses what does not fit the session with 400', async () => {
    const token = await logIn()
    const { encryptedData, iv, rawData, signature } = userInfo()
    const status = 400
    const refused = (body: unknown) => send('POST', 'userinfo', { token, body })
    expect(await refused({ encryptedData, iv: 'AAAA' })).toMatchObject({ status, body: refusal('damaged') })
    const ofOthers = encryptByOpenssl('{}', createSessionKey())
    expect(await refused(ofOthers)).toMatchObject({ status, body: refusal('undecryptable') })
    expect(await refused({ encryptedData, iv, rawData: '{}', signature })).toMatchObject({
      status,
      body: refusal('bad_signature'),
    })
    for (const body of [
      { encryptedData },
      { encryptedData, iv, rawData },
      { encryptedData: 5, iv },
      {},
      undefined,
    ]) {
      expect(await refused(body)).toMatchObject({ status, body: refusal('bad_request') })
    }
  })
})

describe('POST /miniprogram/phone', () => {
  it('answers with the number', async () => {
    const token = await logIn()
    const body = { code: world.simulator.mintCode(user, { kind: 'phone' }), errMsg: 'getPhoneNumber:ok' }
    const answer = await send('POST', 'phone', { token, body })
    expect(answer.body).toEqual({
      phoneNumber: expect.stringMatching(/^138\d{8}$/),
      purePhoneNumber: expect.stringMatching(/^138\d{8}$/),
      countryCode: '86',
    })
    expect(await send('POST', 'phone', { token, body })).toMatchObject({
      status: 409,
      body: refusal('code_used'),
    })
  })

  it('takes the refusal of a user for an answer', async () => {
    const body = { errMsg: 'getPhoneNumber:fail user deny' }
    expect(await send('POST', 'phone', { token: await logIn(), body })).toMatchObject({
      status: 200,
      body: { phoneNumber: null, purePhoneNumber: null, countryCode: null },
    })
  })
})

describe("a call of WeChat's client that failed", () => {
  const noNumber = { phoneNumber: null, purePhoneNumber: null, countryCode: null }
  it.each([
    'getPhoneNumber:fail user deny',
    'getPhoneNumber:fail:user deny',
    'getPhoneNumber:fail user cancel',
    'getUserInfo:fail auth deny',
    'getUserInfo:fail auth denied',
    'getUserProfile:fail auth cancel',
    'getPhoneNumber:fail user cancelled',
  ])("for the user's no is an answer like any other: %s", async (errMsg) => {
    const token = await logIn()
    const body = { errMsg }
    expect(await send('POST', 'phone', { token, body })).toMatchObject({ status: 200, body: noNumber })
    expect(await send('POST', 'userinfo', { token, body })).toMatchObject({ status: 200 })
  })

  it.each([
    'getPhoneNumber:fail api scope is not declared in the privacy agreement',
    'getPhoneNumber:fail no permission',
    'getPhoneNumber:fail jsapi has no permission, event=getPhoneNumber, runningState=foreground',
    'getUserInfo:fail need login',
    'getPhoneNumber:fail',
  ])('for another reason is said and logged: %s', async (errMsg) => {
    const token = await logIn()
    for (const path of ['phone', 'userinfo']) {
      const answer = await send('POST', path, { token, body: { errMsg } })
      expect(answer).toMatchObject({ status: 422, body: refusal('client_failed') })
      expect(world.logLines.at(-1)).toContain(errMsg)
    }
  })

  it('is logged for those who have a session, and at no length', async () => {
    const before = world.logLines.length
    const errMsg = `getPhoneNumber:fail ${'x'.repeat(5_000)}`
    expect(await send('POST', 'phone', { token: 'none', body: { errMsg } })).toMatchObject({ status: 401 })
    expect(world.logLines).toHaveLength(before)
    expect(await send('POST', 'phone', { token: await logIn(), body: { errMsg } })).toMatchObject({
      status: 422,
    })
    expect(world.logLines.at(-1)?.length).toBeLessThan(500)
  })
})

describe('rate limits', () => {
  it('let 60 logins and phone numbers a minute and IP through, together, and any number of session checks', async () => {
    const token = await logIn()
    for (let n = 0; n < 59; n++) {
      const path = n % 2 === 0 ? 'login' : 'phone'
      expect(await send('POST', path, { token, body: {} })).toMatchObject({ status: 400 })
    }
    for (const path of ['login', 'phone']) {
      const answer = await send('POST', path, { token, body: {} })
      expect(answer).toMatchObject({ status: 429, body: refusal('rate_limited') })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(60)
    }
    for (let n = 0; n < 70; n++) {
      expect(await send('GET', 'session', { token })).toMatchObject({ status: 200 })
    }
    const elsewhere = { body: {}, headers: { 'x-forwarded-for': '203.0.113.7' } }
    expect(await send('POST', 'login', elsewhere)).toMatchObject({ status: 400 })
  })

  /** Statuses of three logins with these headers, when an address may try twice a minute. */
  async function tryThrice(trustProxy: string[], forwardedFor: readonly string[]) {
    const { url, close } = await world.listen({ rateLimitPerIp: 2, trustProxy })
    try {
      const statuses: number[] = []
      for (const header of forwardedFor) {
        const headers = { 'content-type': 'application/json', 'x-forwarded-for': header }
        const init = { method: 'POST', body: '{}', headers }
        statuses.push((await fetch(`${url}/miniprogram/login`, init)).status)
      }
      return statuses
    } finally {
      await close()
    }
  }
  const { trustProxy: byDefault } = loadConfig({ WECHAT_APPID: 'wx1', WECHAT_SECRET: 's' }).http

  it.each([
    [
      'users behind a cloud balancer count apart',
      ['203.0.113.1, 100.64.0.7', '203.0.113.2, 100.64.0.7', '203.0.113.3, 100.64.0.7'],
      400,
    ],
    [
      'users behind a balancer in the private network count apart',
      ['203.0.113.1, 10.0.0.7', '203.0.113.2, 10.0.0.7', '203.0.113.3, 10.0.0.7'],
      400,
    ],
    [
      'what a user writes in front of it changes nothing',
      ['8.8.8.1, 203.0.113.1', '8.8.8.2, 203.0.113.1', '8.8.8.3, 203.0.113.1, 100.64.0.7'],
      429,
    ],
  ])('%s', async (_name, forwardedFor, third) => {
    expect(await tryThrice(byDefault, forwardedFor)).toEqual([400, 400, third])
  })

  it('believe nobody with TRUST_PROXY=off', async () => {
    expect(await tryThrice([], ['203.0.113.1', '203.0.113.2', '203.0.113.3'])).toEqual([400, 400, 429])
  })

  it('let a code through 5 times a minute, from whatever IP', async () => {
    const attempt = (code: string, n: number) =>
      send('POST', 'login', { body: { code }, headers: { 'x-forwarded-for': `203.0.113.${n}` } })
    for (let n = 1; n <= 5; n++) expect(await attempt('0wrong', n)).toMatchObject({ status: 400 })
    const answer = await attempt('0wrong', 6)
    expect(answer).toMatchObject({ status: 429, body: refusal('rate_limited') })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await attempt('0other', 7)).toMatchObject({ status: 400, body: refusal('code_invalid') })
  })
})

it('answers whatever is sent to it with a refusal, never with a fault', async () => {
  const token = await logIn()
  const open = await world.listen({ rateLimitPerIp: 100_000, rateLimitPerCode: 100_000 })
  try {
    const path = fc.constantFrom('login', 'userinfo', 'phone')
    const field = fc.constantFrom(
      'code',
      'encryptedData',
      'iv',
      'rawData',
      'signature',
      'errMsg',
      '__proto__',
    )
    const value = fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 40 }))
    const body = fc.oneof(
      fc.dictionary(field, value).map((fields) => JSON.stringify(fields)),
      fc.json(),
      fc.string(),
    )
    await fc.assert(
      fc.asyncProperty(path, body, async (name, text) => {
        const response = await fetch(`${open.url}/miniprogram/${name}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: text,
        })
        const isDenial = text.includes(':fail')
        expect(response.status < 500 && (response.status >= 400 || isDenial)).toBe(true)
        expect(await response.json()).toEqual(
          isDenial
            ? expect.anything()
            : expect.objectContaining({ error: expect.objectContaining(refusal(expect.any(String)).error) }),
        )
      }),
    )
  } finally {
    await open.close()
  }
})

it('describes itself validly', async () => {
  const description = openapi.parse(await (await fetch(`${server.url}/openapi.json`)).json())
  expect(await new Validator().validate(description)).toEqual({ valid: true })
  const { paths } = description
  expect(Object.keys(paths).sort()).toEqual(
    ['/miniprogram', '/miniprogram/{appid}'].flatMap((prefix) =>
      ['login', 'logout', 'phone', 'session', 'userinfo'].map((name) => `${prefix}/${name}`),
    ),
  )
  expect(paths['/miniprogram/userinfo']?.post).toMatchObject({
    requestBody: { content: { 'application/json': { schema: { anyOf: [{}, {}] } } } },
    responses: { 200: {}, 400: {}, 401: {}, 422: {}, 429: {} },
    security: [{ session: [] }],
  })
})

it('logs no secret, code, session_key, token or id', async () => {
  const code = world.simulator.mintCode(user)
  const token = await logIn()
  const info = userInfo()
  world.simulator.addFault({ path: '/sns/jscode2session', action: { errcode: 40125 }, times: 1 })
  world.simulator.addFault({ path: '/sns/jscode2session', action: 'reset_after', times: 1, after: 1 })
  const { body } = await send('POST', 'login', { body: { code } })
  await send('POST', 'login', { body: { code } })
  await send('POST', 'login', { body: `{"code": "${code}` })
  await send('POST', 'userinfo', { token, body: info })
  await send('POST', 'userinfo', { token, body: { ...info, signature: info.iv } })
  expect(body).toMatchObject(refusal('wechat_unavailable'))
  const said = world.logLines.join('')
  expect(said).toContain(
    'compare AppID and AppSecret of the mini-program (WECHAT_MINIPROGRAM_APPID and WECHAT_MINIPROGRAM_SECRET, or those in ACCOUNTS_FILE) with 微信开发者平台 > 我的业务 > 小程序',
  )
  const { miniprogramOpenid = '', unionid = '' } = world.simulator.userAt(user)
  const sessionKey = world.simulator.sessionKeyOf(user) ?? ''
  for (const text of [
    world.account.secret,
    code,
    sessionKey,
    token,
    info.encryptedData,
    miniprogramOpenid,
    unionid,
  ]) {
    expect(said).not.toContain(text)
  }
})

import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startSimulator } from '../helpers/simulatorClient.ts'

const second = 1_000
const rid = /^.+ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/

test('a stable token stays the same with a shrinking life and is renewed in its last 5 minutes', async () => {
  const { simulator, wechat } = await startSimulator({ now: () => 1_800_000_000_000 })
  const first = await wechat.fetchStable()
  expect(first.json).toEqual({
    access_token: expect.stringMatching(/^\d+_[\w-]{100,500}$/),
    expires_in: 7200,
  })
  simulator.advance(6_900 * second)
  expect((await wechat.fetchStable()).json).toEqual({ ...first.json, expires_in: 300 })

  simulator.advance(second)
  const renewed = await wechat.fetchStable()
  expect(renewed.json.expires_in).toBe(7200)
  expect(renewed.json.access_token).not.toBe(first.json.access_token)
  const get = (token: unknown) => wechat.get('/cgi-bin/user/get', { access_token: String(token) })
  expect((await get(first.json.access_token)).json.errcode).toBeUndefined()
  expect((await get(renewed.json.access_token)).json.errcode).toBeUndefined()

  simulator.advance(299 * second)
  expect((await get(first.json.access_token)).json.errcode).toBe(42001)
  expect((await get(renewed.json.access_token)).json.errcode).toBeUndefined()
})

test('each plain token replaces the one before, which works 5 minutes longer; the one before that stops at once', async () => {
  const { simulator, wechat } = await startSimulator()
  const use = async (token: unknown) =>
    (await wechat.get('/cgi-bin/user/get', { access_token: String(token) })).json.errcode
  const [one, two] = [(await wechat.fetchPlain()).json, (await wechat.fetchPlain()).json]
  expect(two.access_token).not.toBe(one.access_token)
  expect([await use(one.access_token), await use(two.access_token)]).toEqual([undefined, undefined])
  const three = (await wechat.fetchPlain()).json
  expect([await use(one.access_token), await use(two.access_token)]).toEqual([40001, undefined])
  simulator.advance(301 * second)
  expect([await use(two.access_token), await use(three.access_token)]).toEqual([40001, undefined])
})

test('plain and stable tokens leave each other alone', async () => {
  const { wechat } = await startSimulator()
  const stable = await wechat.getToken()
  for (let call = 0; call < 3; call++) await wechat.fetchPlain()
  expect(await wechat.getToken()).toBe(stable)
  expect((await wechat.get('/cgi-bin/user/get', { access_token: stable })).json.errcode).toBeUndefined()
})

test('a forced refresh kills the token, not more often than every 30 s and 20 times a day', async () => {
  const { simulator, wechat } = await startSimulator()
  const force = async () => (await wechat.fetchStable({ force_refresh: true })).json
  const first = await wechat.getToken()
  const forced = await force()
  expect(forced.access_token).not.toBe(first)
  expect((await wechat.get('/cgi-bin/user/get', { access_token: first })).json.errcode).toBe(40001)
  expect((await force()).access_token).toBe(forced.access_token)
  for (let call = 2; call <= 20; call++) {
    simulator.advance(30 * second)
    expect((await force()).errcode).toBeUndefined()
  }
  simulator.advance(30 * second)
  expect((await force()).errcode).toBe(45009)
  expect((await wechat.fetchStable()).json.errcode).toBeUndefined()
  simulator.advance(24 * 3_600 * second)
  expect((await force()).errcode).toBeUndefined()
})

test('parameters are checked one after the other, the appid first', async () => {
  const { simulator, wechat } = await startSimulator()
  const { appid, secret, miniprogram } = simulator
  const grant_type = 'client_credential'
  const cases: [Record<string, string>, number][] = [
    [{}, 41002],
    [{ appid: '', secret, grant_type }, 41002],
    [{ appid: 'wx0000000000000000' }, 40013],
    [{ appid: appid.toUpperCase(), secret, grant_type }, 40013],
    [{ appid }, 40002],
    [{ appid, secret, grant_type: 'authorization_code' }, 40002],
    [{ appid, grant_type }, 41004],
    [{ appid, secret: 'wrong', grant_type }, 40125],
    [{ appid, secret: miniprogram.secret, grant_type }, 40001],
  ]
  for (const [parameters, errcode] of cases) {
    for (const answer of [
      await wechat.get('/cgi-bin/token', parameters),
      await wechat.post('/cgi-bin/stable_token', parameters),
    ]) {
      expect(answer.status).toBe(200)
      expect([parameters, answer.json.errcode]).toEqual([parameters, errcode])
      expect(answer.json.errmsg).toMatch(rid)
    }
  }
  expect(simulator.stats().tokens).toEqual({ fetches: 0, issued: 0 })
})

test('stable_token wants a POST with a JSON object, token a GET', async () => {
  const { wechat } = await startSimulator()
  expect((await wechat.get('/cgi-bin/stable_token', { appid: 'x' })).json.errcode).toBe(43002)
  expect((await wechat.post('/cgi-bin/stable_token')).json.errcode).toBe(44002)
  expect((await wechat.post('/cgi-bin/stable_token', 'grant_type=client_credential')).json.errcode).toBe(
    47001,
  )
  expect((await wechat.post('/cgi-bin/token', {})).json.errcode).toBe(43001)
})

test('an address outside the whitelist is named in the refusal', async () => {
  const { wechat } = await startSimulator({ ipWhitelist: ['10.0.0.1'] })
  const { json } = await wechat.fetchStable()
  expect(json.errcode).toBe(40164)
  expect(json.errmsg).toMatch(/^invalid ip 127\.0\.0\.1 ipv6 ::ffff:127\.0\.0\.1, not in whitelist rid: /)
  const allowed = await startSimulator({ ipWhitelist: ['127.0.0.1'] })
  expect((await allowed.wechat.fetchStable()).json.errcode).toBeUndefined()
})

test('both token endpoints have a daily quota, reset at midnight in Shanghai', async () => {
  const { simulator, wechat } = await startSimulator({
    quotas: { token: 2, stableToken: 2 },
    now: () => Date.parse('2026-11-20T23:59:00+08:00'),
  })
  const fetchThree = async (fetchToken: () => ReturnType<typeof wechat.fetchStable>) => [
    (await fetchToken()).json.errcode,
    (await fetchToken()).json.errcode,
    (await fetchToken()).json.errcode,
  ]
  expect(await fetchThree(wechat.fetchPlain)).toEqual([undefined, undefined, 45009])
  expect(await fetchThree(wechat.fetchStable)).toEqual([undefined, undefined, 45009])
  simulator.advance(60 * second)
  expect(await fetchThree(wechat.fetchPlain)).toEqual([undefined, undefined, 45009])
})

test('stable_token takes 10,000 calls a minute', async () => {
  let now = Date.parse('2026-11-20T12:00:00Z')
  const { simulator, wechat } = await startSimulator({ now: () => now })
  const { appid, secret } = simulator
  const body = JSON.stringify({ grant_type: 'client_credential', appid, secret })
  const head = `POST /cgi-bin/stable_token HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n`
  const socket = connect(simulator.port, '127.0.0.1')
  for (let call = 0; call < 10_000; call++) socket.write(`${head}\r\n${body}`)
  socket.write(`${head}Connection: close\r\n\r\n${body}`)
  let answers = ''
  for await (const chunk of socket) answers += chunk
  expect(answers.match(/"access_token"/g)).toHaveLength(10_000)
  expect(answers.match(/"errcode":45011/g)).toHaveLength(1)
  now += 60 * second
  expect((await wechat.fetchStable()).json.errcode).toBeUndefined()
})

test('a business call tells a missing, unknown, killed, expired and foreign token apart', async () => {
  const { simulator, wechat } = await startSimulator()
  const use = async (token?: string) =>
    (await wechat.get('/cgi-bin/user/get', { ...(token && { access_token: token }) })).json
  expect((await use()).errcode).toBe(41001)
  expect(await use('made-up')).toEqual({
    errcode: 40001,
    errmsg: expect.stringMatching(
      /^invalid credential, access_token is invalid or not latest, .* rid: [0-9a-f-]{26}$/,
    ),
  })
  expect((await use('x'.repeat(600))).errcode).toBe(40014)
  expect((await use(await wechat.getToken(simulator.miniprogram))).errcode).toBe(48001)

  const [token, plain] = [await wechat.getToken(), String((await wechat.fetchPlain()).json.access_token)]
  simulator.killToken()
  expect([(await use(token)).errcode, (await use(plain)).errcode]).toEqual([40001, 40001])
  const next = await wechat.getToken()
  expect(next).not.toBe(token)
  simulator.advance(7_200 * second)
  expect((await use(next)).errcode).toBe(42001)
})

test('the same seed gives the same account, people and tokens, another seed others', async () => {
  const describe = async (seed: number) => {
    const { simulator, wechat } = await startSimulator({ seed, followers: 1, now: () => 1_800_000_000_000 })
    const { appid, secret, miniprogram, templates } = simulator
    return {
      appid,
      secret,
      miniprogram,
      templates,
      user: simulator.userAt(0),
      token: await wechat.getToken(),
    }
  }
  const [one, same, other] = [await describe(5), await describe(5), await describe(6)]
  expect(same).toEqual(one)
  for (const key of ['appid', 'secret', 'token'] as const) expect(other[key]).not.toBe(one[key])
  expect(other.user.openid).not.toBe(one.user.openid)
})

test('a simulator started again gives out new tokens and msgids', async () => {
  const describe = async () => {
    const { wechat } = await startSimulator({ followers: 1 })
    const token = await wechat.getToken()
    return { token, msgid: /"msgid":(\d+)/.exec((await wechat.send(token)).text)?.[1] }
  }
  const [one, other] = [await describe(), await describe()]
  expect(other.token).not.toBe(one.token)
  expect(other.msgid).not.toBe(one.msgid)
})

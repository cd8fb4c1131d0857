import { expect, test } from 'vitest'
import { findClosedBase } from '../helpers/scriptedServer.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

const sendPath = '/cgi-bin/message/template/send'
const day = 24 * 3_600_000

async function startWithToken(options = {}) {
  const started = await startSimulator({
    followers: 1,
    now: () => Date.parse('2026-11-20T12:00:00+08:00'),
    ...options,
  })
  const { simulator, wechat } = started
  const token = await wechat.getToken()
  const post = async (name: string, body: unknown) =>
    (await wechat.post(`/cgi-bin/${name}?access_token=${token}`, body)).json
  return { simulator, wechat, token, post }
}

test('quota/get counts what was used today', async () => {
  const { wechat, token, post } = await startWithToken({
    quotas: { templateSend: 5 },
    rate: { perMinute: 100 },
  })
  await wechat.send(token)
  await wechat.send(token, { touser: 'nobody' })
  expect(await post('openapi/quota/get', { cgi_path: sendPath })).toEqual({
    errcode: 0,
    errmsg: 'ok',
    quota: { daily_limit: 5, used: 2, remain: 3 },
    rate_limit: { call_count: 100, refresh_second: 60 },
  })
  expect(await post('openapi/quota/get', { cgi_path: '/cgi-bin/user/get' })).toEqual({
    errcode: 0,
    errmsg: 'ok',
    quota: { daily_limit: 500, used: 0, remain: 500 },
  })
})

test('quota/get refuses paths it does not know, with a host, or of the sns family', async () => {
  const { simulator, post } = await startWithToken()
  const ask = async (cgi_path?: string) => (await post('openapi/quota/get', { cgi_path })).errcode
  expect(await ask('/cgi-bin/nothing')).toBe(76021)
  expect(await ask()).toBe(76021)
  expect(await ask(simulator.base + sendPath)).toBe(76003)
  expect(await ask('/sns/jscode2session')).toBe(76022)
})

test('clear_quota gives the day back, ten times a month', async () => {
  const { simulator, wechat, post } = await startWithToken({
    quotas: { templateSend: 1 },
    tokenLifeSeconds: 1e8,
  })
  const token = await wechat.getToken()
  const clear = async (appid = simulator.appid) => (await post('clear_quota', { appid })).errcode
  expect(await clear('wx0')).toBe(40013)
  for (let time = 0; time < 10; time++) {
    expect((await wechat.send(token)).json.errcode).toBe(0)
    expect((await wechat.send(token)).json.errcode).toBe(45009)
    expect(await clear()).toBe(0)
  }
  expect(await clear()).toBe(48006)
  simulator.advance(11 * day)
  expect(await clear()).toBe(0)
})

test('clear_quota/v2 does the same by secret, when no token can be fetched any more', async () => {
  const { simulator, wechat, post } = await startWithToken({ quotas: { stableToken: 1 } })
  expect((await wechat.fetchStable()).json.errcode).toBe(45009)
  const { appid, secret: appsecret } = simulator
  const clear = async (query: Record<string, string>, body?: unknown) =>
    (await wechat.post(`/cgi-bin/clear_quota/v2?${new URLSearchParams(query)}`, body)).json.errcode
  expect(await clear({})).toBe(41002)
  expect(await clear({ appid: 'wx0', appsecret })).toBe(40013)
  expect(await clear({ appid })).toBe(41004)
  expect(await clear({ appid, appsecret: 'wrong' })).toBe(40125)
  expect((await wechat.fetchStable()).json.errcode).toBe(45009)
  expect(await clear({ appid, appsecret })).toBe(0)
  expect((await wechat.fetchStable()).json.errcode).toBeUndefined()
  for (let time = 0; time < 8; time++) expect(await clear({}, { appid, appsecret })).toBe(0)
  expect((await post('clear_quota', { appid })).errcode).toBe(0)
  expect(await clear({}, { appid, appsecret })).toBe(48006)
})

test('callback/check tells what WeChat sees of the callback, once there is one', async () => {
  const { simulator, post } = await startWithToken()
  const check = (action: string, operator = 'DEFAULT') =>
    post('callback/check', { action, check_operator: operator })
  expect((await check('look')).errcode).toBe(40202)
  expect((await check('all', 'PHONE')).errcode).toBe(40203)
  expect((await check('all')).errcode).toBe(40201)
  await simulator.setCallback({ url: await findClosedBase(), token: 't' })
  const dns = [{ ip: '127.0.0.1', real_operator: 'UNICOM' }]
  const ping = [{ ip: '127.0.0.1', from_operator: 'CAP', package_loss: '0%', time: expect.any(String) }]
  expect(await check('all', 'CAP')).toEqual({ dns, ping })
  expect(await check('dns')).toEqual({ dns })
  expect(await check('ping', 'CAP')).toEqual({ ping })
})

test('rid/get tells what was asked and answered, for a week', async () => {
  const { simulator, wechat, token, post } = await startWithToken({ tokenLifeSeconds: 1e8 })
  const refused = await wechat.send(token, { touser: 'nobody' })
  const rid = /rid: (\S+)$/.exec(String(refused.json.errmsg))?.[1] ?? ''
  expect(await post('openapi/rid/get', { rid })).toEqual({
    errcode: 0,
    errmsg: 'ok',
    request: {
      invoke_time: Date.parse('2026-11-20T12:00:00+08:00') / 1000,
      cost_in_ms: expect.any(Number),
      request_url: `${sendPath}?access_token=${token}`,
      request_body: expect.stringContaining('"touser":"nobody"'),
      response_body: refused.text,
      client_ip: '127.0.0.1',
    },
  })
  expect((await post('openapi/rid/get', { rid: '00000000-00000000-00000000' })).errcode).toBe(76001)
  expect((await post('openapi/rid/get', { rid: 'x' })).errcode).toBe(76002)
  expect((await post('openapi/rid/get', {})).errcode).toBe(76002)
  simulator.advance(7 * day + 1)
  expect((await post('openapi/rid/get', { rid })).errcode).toBe(76004)
})

test("WeChat's addresses are listed for either app", async () => {
  const { simulator, wechat, token } = await startWithToken()
  for (const access_token of [token, await wechat.getToken(simulator.miniprogram)]) {
    for (const path of ['/cgi-bin/get_api_domain_ip', '/cgi-bin/getcallbackip']) {
      const { json } = await wechat.get(path, { access_token })
      expect(Object.keys(json)).toEqual(['ip_list'])
      expect(JSON.stringify(json.ip_list)).toContain('127.0.0.1')
    }
  }
})

test('every answer carries the Date of the simulated clock; an unknown path is a 404', async () => {
  const { simulator, wechat, token } = await startWithToken()
  const date = async () =>
    (await wechat.get('/cgi-bin/getcallbackip', { access_token: token })).headers.get('date')
  expect(await date()).toBe('Fri, 20 Nov 2026 04:00:00 GMT')
  simulator.advance(600_000)
  expect(await date()).toBe('Fri, 20 Nov 2026 04:10:00 GMT')
  expect((await wechat.get('/cgi-bin/nothing')).status).toBe(404)
})

import { expect, test } from 'vitest'
import { startReceiver } from '../helpers/callbackReceiver.ts'
import { callbackAccount } from '../helpers/seal.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

const send = '/cgi-bin/message/template/send'

async function startControlled() {
  const { simulator, wechat } = await startSimulator({
    followers: 3,
    now: () => Date.parse('2026-11-20T12:00:00Z'),
  })
  const control = async (path: string, body: unknown = {}) => (await wechat.post(`/__sim/${path}`, body)).json
  return { simulator, wechat, control, token: await wechat.getToken() }
}

test('faults are added, one or several, listed with their hits and cleared', async () => {
  const { wechat, control, token } = await startControlled()
  const fault = { path: send, action: { errcode: -1 }, times: 2 }
  expect(await control('faults', fault)).toEqual({ added: 1 })
  expect(await control('faults', [{ action: 'html' }, { action: { delayMs: 5 } }])).toEqual({ added: 2 })
  expect((await wechat.send(token)).json.errcode).toBe(-1)
  expect(JSON.parse((await wechat.get('/__sim/faults')).text)).toEqual([
    { ...fault, hits: 1 },
    { action: 'html', hits: 0 },
    { action: { delayMs: 5 }, hits: 0 },
  ])
  expect((await wechat.request('DELETE', '/__sim/faults')).json).toEqual({ cleared: 3 })
  expect((await wechat.send(token)).json.errcode).toBe(0)
})

test('input that cannot be meant gets a 400 with what was expected, and nothing happens', async () => {
  const { simulator, wechat } = await startControlled()
  const cases: [string, unknown, string][] = [
    ['faults', {}, 'action: expected {errcode, errmsg?}'],
    ['faults', 'x', 'not JSON'],
    ['faults', '5', 'expected an object with times, after, probability, path, action'],
    ['faults', [{ action: 'html' }, { action: 'sing' }], 'action: expected'],
    ['faults', { action: 'html', paths: '/' }, 'unknown field paths'],
    ['faults', { action: 'html', times: 0.5 }, 'times: expected'],
    ['faults', { action: 'html', after: -1 }, 'after: expected'],
    ['faults', { action: 'html', probability: '1' }, 'probability: expected'],
    ['faults', { action: 'html', match: { openid: 5 } }, 'match.openid: expected a text'],
    ['faults', { action: 'html', match: { moreThan: '50' } }, 'match.moreThan: expected a whole number'],
    ['faults', [{ action: 'html' }, { action: 'html', times: 0 }], '1.times: expected'],
    [
      'faults',
      { action: 'html', times: 0, after: -1 },
      'times: expected a whole number from 1; after: expected',
    ],
    ['faults', { action: 'html', accepted: 1 }, 'accepted: expected'],
    ['faults', { action: 'drip', everyMs: 0 }, 'everyMs: expected'],
    ['faults', { action: { errcode: '5' } }, 'action: expected'],
    ['faults', { action: { status: 99 } }, 'action.status: expected 200 to 599'],
    ['faults', { action: { delayMs: -1 } }, 'action.delayMs: expected a whole number from 0'],
    ['follow', '[]', 'expected an object with user, openid, unionid, eventKey'],
    ['unfollow', { user: 0, person: 1 }, 'unknown field person: expected one of user, openid'],
    ['unfollow', {}, 'user: expected'],
    ['unfollow', { user: -1 }, 'user: expected'],
    ['unionid', { user: 0 }, 'unionid: expected'],
    ['blacklist', { user: 0, blacklisted: 'yes' }, 'blacklisted: expected'],
    ['rate', { perSecond: -1 }, 'perSecond: expected'],
    ['rate', { errcode: 5 }, 'errcode: expected'],
    ['clock', { advanceMs: 'x' }, 'advanceMs: expected'],
    ['clock', { advance: 5 }, 'advanceMs: expected'],
    ['code', {}, 'user: expected'],
    ['code', { user: 0, kind: 'web' }, 'kind: expected'],
    ['payment', {}, 'user: expected'],
    ['follow', { user: 0, eventKey: 5 }, 'eventKey: expected a text'],
    ['callback', {}, 'url: expected an http or https URL'],
    [
      'callback',
      { url: 'http://127.0.0.1:1', token: 't', mode: 'safe' },
      'encodingAesKey: mode safe needs one',
    ],
    ['callback', { url: 'http://127.0.0.1:1', token: 't', timeoutMs: 0 }, 'timeoutMs: expected'],
    ['callback/rules', [{}, { copies: 'x' }], 'copies: expected a whole number from 0'],
    ['callback/rules', { event: 'SCAN' }, 'event: expected one of subscribe'],
    ['callback/rules', { never: 1 }, 'never: expected true or false'],
    ['callback/rules', { status: 1 }, 'status: expected a text'],
    ['callback/rules', { match: 'x' }, 'match: expected'],
    ['callback/rules', { times: 0 }, 'times: expected'],
    ['callback/rules', { sing: true }, 'unknown field sing'],
    ['blocking', { user: 0, blocking: 'yes' }, 'blocking: expected'],
    ['events', { user: 0 }, 'event: expected one of subscribe'],
    ['events', { event: 'subscribe' }, 'user: expected'],
    ['events', { event: 'subscribe', user: 0, msgid: 5 }, 'msgid: expected a text'],
    ['nothing', {}, 'unknown: POST /__sim/nothing'],
  ]
  for (const [path, body, sentence] of cases) {
    const { status, json } = await wechat.post(`/__sim/${path}`, body)
    expect([path, body, status]).toEqual([path, body, 400])
    expect(json.error).toContain(sentence)
  }
  expect((await wechat.get('/__sim/users', { from: 'x' })).status).toBe(400)
  expect(simulator.faults()).toEqual([])
  expect(simulator.callbackRules()).toEqual([])
  expect(simulator.callback()).toBeUndefined()
})

test('people come, go, change and are listed', async () => {
  const { simulator, wechat, control, token } = await startControlled()
  const info = async (openid: string) =>
    (await wechat.get('/cgi-bin/user/info', { access_token: token, openid })).json
  const { openid } = simulator.userAt(0)
  expect(await control('unfollow', { user: 0 })).toEqual({})
  expect((await info(openid)).subscribe).toBe(0)
  expect(await control('follow', { user: 0 })).toEqual({ ...simulator.userAt(0) })
  expect((await info(openid)).subscribe).toBe(1)
  expect(await control('follow', { openid: 'guest', unionid: 'u1' })).toEqual({
    openid: 'guest',
    unionid: 'u1',
  })
  expect(await control('follow')).toEqual({ ...simulator.userAt(3) })
  await control('unionid', { openid: 'guest', unionid: 'u2' })
  expect((await info('guest')).unionid).toBe('u2')
  await control('unionid', { openid: 'guest', unionid: null })
  expect(await info('guest')).not.toHaveProperty('unionid')
  await control('blacklist', { user: 1 })
  expect((await wechat.send(token, { touser: simulator.userAt(1).openid })).json.errcode).toBe(43019)
  await control('blacklist', { user: 1, blacklisted: false })
  expect((await wechat.send(token, { touser: simulator.userAt(1).openid })).json.errcode).toBe(0)

  const { text } = await wechat.get('/__sim/users', { from: '1', count: '2' })
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([simulator.userAt(1), simulator.userAt(2)])
})

test('the token is killed, the rate set, the clock put forward', async () => {
  const { simulator, wechat, control, token } = await startControlled()
  await control('token/kill', { appid: simulator.miniprogram.appid })
  expect((await wechat.send(token)).json.errcode).toBe(0)
  await control('token/kill')
  expect((await wechat.send(token)).json.errcode).toBe(40001)
  const next = await wechat.getToken()
  await control('rate', { perSecond: 1, errcode: -1 })
  expect([(await wechat.send(next)).json.errcode, (await wechat.send(next)).json.errcode]).toEqual([0, -1])
  await control('rate', {})
  expect([(await wechat.send(next)).json.errcode, (await wechat.send(next)).json.errcode]).toEqual([0, 0])
  await control('clock', { advanceMs: 7_200_000 })
  expect((await wechat.send(next)).json.errcode).toBe(42001)
})

test('codes and payments are minted for the mini-program', async () => {
  const { simulator, wechat, control } = await startControlled()
  const { appid, secret } = simulator.miniprogram
  const login = async (input: Record<string, unknown>) => {
    const js_code = String((await control('code', input)).code)
    return (
      await wechat.get('/sns/jscode2session', { appid, secret, js_code, grant_type: 'authorization_code' })
    ).json
  }
  expect(await login({ user: 1 })).toMatchObject({ unionid: simulator.userAt(1).unionid })
  expect(await login({ user: 1, unionid: false })).not.toHaveProperty('unionid')
  expect((await login({ user: 1, highRisk: true })).errcode).toBe(40226)
  expect((await login({ user: 1, kind: 'phone' })).errcode).toBe(40029)
  expect(Object.keys(await control('payment', { user: 0 }))).toEqual(['transactionId', 'mchId', 'outTradeNo'])
})

test('what was seen is told: counters and one line per accepted message', async () => {
  const { simulator, wechat, token } = await startControlled()
  await wechat.send(token, { client_msg_id: 'm1' })
  await wechat.send(token, { client_msg_id: 'm1' })
  await wechat.send(token, { touser: 'nobody' })
  await wechat.get('/cgi-bin/user/get', { access_token: token })
  const { json } = await wechat.get('/__sim/stats')
  expect(json).toEqual({
    calls: { '/cgi-bin/stable_token': 1, [send]: 3, '/cgi-bin/user/get': 1 },
    errcodes: {
      '/cgi-bin/stable_token': { 0: 1 },
      [send]: { 0: 2, 40003: 1 },
      '/cgi-bin/user/get': { 0: 1 },
    },
    accepted: 1,
    duplicates: 1,
    maxSendsPerClientMsgId: 2,
    tokens: { fetches: 1, issued: 1 },
    batchgetOpenids: 0,
    cursors: { '': 1 },
    connections: { open: expect.any(Number), total: expect.any(Number) },
    inFlight: { now: 0, peak: 1 },
    faultHits: 0,
    callbacks: {
      events: {},
      latencyMs: { p50: null, p99: null, max: null },
      pending: 0,
      pauses: 0,
      lastProblem: null,
    },
  })
  const lines = (await wechat.get('/__sim/accepted')).text
  expect(lines).toBe(`${JSON.stringify([...simulator.accepted()][0])}\n`)
})

test('callbacks are set, checked, looked at and switched off', async () => {
  const receiver = await startReceiver()
  const { simulator, wechat, control } = await startControlled()
  const { token, encodingAesKey } = callbackAccount
  const state = async () => (await wechat.get('/__sim/callback')).json
  expect(await state()).toEqual({})
  expect(await control('callback', { url: receiver.url, token, encodingAesKey, concurrency: 5 })).toEqual({
    ok: true,
  })
  expect(await state()).toEqual({ url: receiver.url, mode: 'safe', check: { ok: true }, isPaused: false })
  expect(await control('callback', { url: receiver.url.replace('http', 'HTTP'), token })).toEqual({
    ok: true,
  })
  expect(await state()).toMatchObject({ mode: 'plain' })
  await control('follow', { eventKey: 'last_trade_no_42' })
  await simulator.callbacksSettled()
  expect(receiver.events()).toMatchObject([{ Event: 'subscribe', EventKey: 'last_trade_no_42' }])
  expect((await wechat.request('DELETE', '/__sim/callback')).json).toEqual({})
  expect(await state()).toEqual({})
})

test('events are caused, scripted and listed', async () => {
  const receiver = await startReceiver()
  const { simulator, wechat, control, token } = await startControlled()
  await control('callback', { url: receiver.url, token: callbackAccount.token, receiptDelayMs: 0 })
  const rule = { status: 'failed: system failed', times: 2 }
  expect(await control('callback/rules', rule)).toEqual({ added: 1 })
  expect(await control('callback/rules', [{ event: 'subscribe', never: true }, { copies: 1 }])).toEqual({
    added: 2,
  })
  await wechat.send(token)
  expect(JSON.parse((await wechat.get('/__sim/callback/rules')).text)).toEqual([
    { ...rule, hits: 1 },
    { event: 'subscribe', never: true, hits: 0 },
    { copies: 1, hits: 0 },
  ])
  expect((await wechat.request('DELETE', '/__sim/callback/rules')).json).toEqual({ cleared: 3 })
  await simulator.callbacksSettled()
  await control('blocking', { user: 0 })
  await wechat.send(token)
  await simulator.callbacksSettled()
  await control('blocking', { user: 0, blocking: false })
  const { openid } = simulator.userAt(1)
  await control('events', { event: 'user_authorization_revoke', user: 1, appid: 'wx1', revokeInfo: '301' })
  await simulator.callbacksSettled()

  const lines = (await wechat.get('/__sim/events')).text.trim().split('\n')
  const common = { at: Date.parse('2026-11-20T12:00:00Z'), posts: 1, outcome: 'acknowledged' }
  const [first, second] = [...simulator.accepted()]
  const event = 'TEMPLATESENDJOBFINISH'
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { event, openid: first?.openid, msgid: first?.msgid, status: 'failed: system failed', ...common },
    { event, openid: first?.openid, msgid: second?.msgid, status: 'failed:user block', ...common },
    { event: 'user_authorization_revoke', openid, appid: 'wx1', revokeInfo: '301', ...common },
  ])
  expect(receiver.events().map(({ Event, Status, OpenID }) => Status ?? `${Event} ${OpenID}`)).toEqual([
    'failed: system failed',
    'failed:user block',
    `user_authorization_revoke ${openid}`,
  ])
})

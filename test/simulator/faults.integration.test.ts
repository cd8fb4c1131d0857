import { expect, test, vi } from 'vitest'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

const send = '/cgi-bin/message/template/send'

/** The code of the network error a call ends with. */
async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'no failure',
    (error) => error.cause?.code,
  )
}

async function startWithToken(options = {}) {
  const started = await startSimulator({ followers: 3, ...options })
  return { ...started, token: await started.wechat.getToken() }
}

test('a scripted errcode has the usual text or its own, with a rid, and leaves no trace of the call', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ path: send, action: { errcode: -1 }, times: 1 })
  simulator.addFault({ path: send, action: { errcode: 40003, errmsg: 'strange' }, times: 1 })
  simulator.addFault({ path: send, action: { errcode: 40164 }, times: 1 })
  expect((await wechat.send(token)).json).toEqual({
    errcode: -1,
    errmsg: expect.stringMatching(/^system error rid: /),
  })
  expect((await wechat.send(token)).json).toEqual({
    errcode: 40003,
    errmsg: expect.stringMatching(/^strange rid: /),
  })
  expect((await wechat.send(token)).json.errmsg).toMatch(/^invalid ip 127\.0\.0\.1 /)
  expect(simulator.stats()).toMatchObject({ accepted: 0, faultHits: 3 })
  expect((await wechat.send(token)).json.errcode).toBe(0)
  expect(simulator.stats().errcodes[send]).toEqual({ '-1': 1, '40003': 1, '40164': 1, '0': 1 })
})

test('a gateway page, any status, HTML, garbage and nothing at all', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ path: send, action: { status: 502 }, times: 1 })
  simulator.addFault({ path: send, action: { status: 429, body: 'slow down' }, times: 1 })
  simulator.addFault({ path: send, action: 'html', times: 1 })
  simulator.addFault({ path: send, action: 'garbage', times: 1 })
  simulator.addFault({ path: send, action: 'empty', times: 1, accepted: true })
  expect(await wechat.send(token)).toMatchObject({
    status: 502,
    text: expect.stringContaining('502 Bad Gateway'),
  })
  expect(await wechat.send(token)).toMatchObject({ status: 429, text: 'slow down' })
  expect(await wechat.send(token)).toMatchObject({
    status: 200,
    text: expect.stringMatching(/^<!DOCTYPE html>/),
  })
  expect(await wechat.send(token)).toMatchObject({ status: 200, text: expect.not.stringMatching(/^[{<]/) })
  expect(simulator.stats().accepted).toBe(0)
  expect(await wechat.send(token)).toMatchObject({ status: 200, text: '' })
  expect(simulator.stats().accepted).toBe(1)
})

test('half of an answer is no JSON; errcode as text is, also where success has none', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ path: send, action: 'truncated', times: 1 })
  simulator.addFault({ action: 'errcode_text', times: 2 })
  const { text } = await wechat.send(token)
  expect(text).toMatch(/^\{"errcode":0,/)
  expect(() => JSON.parse(text)).toThrow()
  expect((await wechat.send(token)).text).toMatch(/^\{"errcode":"0","errmsg":"ok","msgid":\d{19}\}$/)
  expect((await wechat.get('/cgi-bin/user/get', { access_token: token })).text).toMatch(
    /^\{"errcode":"0","total":3,/,
  )
  expect(simulator.stats().accepted).toBe(2)
})

test('a connection reset before handling sends nothing, one after or amid the answer has sent', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ path: send, action: 'reset_before', times: 1 })
  expect(await failure(wechat.send(token))).toBe('ECONNRESET')
  expect(simulator.stats().accepted).toBe(0)
  simulator.addFault({ path: send, action: 'reset_after', times: 1 })
  expect(await failure(wechat.send(token))).toBe('ECONNRESET')
  expect(simulator.stats().accepted).toBe(1)
  simulator.addFault({ path: send, action: 'reset_midway', times: 1 })
  expect(await failure(wechat.send(token))).toMatch(/^(ECONNRESET|UND_ERR_SOCKET)$/)
  expect(simulator.stats().accepted).toBe(2)
  expect((await wechat.send(token)).json.errcode).toBe(0)
})

test('calls that hang are counted in flight until the client gives up, accepted or not', async () => {
  const { simulator, token } = await startWithToken()
  for (const accepted of [true, false]) {
    simulator.addFault({ path: send, action: 'hang', accepted, times: 10 })
    const controller = new AbortController()
    const body = JSON.stringify({
      touser: simulator.userAt(0).openid,
      template_id: simulator.templates[0]?.templateId,
      data: { thing1: { value: 'a' }, time2: { value: '10:00' } },
    })
    const url = `${simulator.base}${send}?access_token=${token}`
    const calls = Array.from({ length: 10 }, () =>
      fetch(url, { method: 'POST', body, signal: controller.signal }),
    )
    await vi.waitFor(() => expect(simulator.stats().inFlight).toEqual({ now: 10, peak: 10 }))
    controller.abort()
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(Array(10).fill('rejected'))
    await vi.waitFor(() => expect(simulator.stats().inFlight.now).toBe(0))
    expect(simulator.stats().accepted).toBe(10)
  }
})

test('a dripping answer comes byte by byte and is the real one', async () => {
  const { simulator, token } = await startWithToken()
  simulator.addFault({ path: send, action: 'drip', everyMs: 1, times: 1 })
  const response = await fetch(`${simulator.base}${send}?access_token=${token}`, {
    method: 'POST',
    body: '{}',
  })
  let chunks = 0
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    chunks++
  }
  expect(JSON.parse(text).errcode).toBe(41009)
  expect(chunks).toBeGreaterThan(text.length / 4)
})

test('a late answer is late, the call takes effect at once', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ path: send, action: { delayMs: 40 }, times: 1 })
  const startedAt = performance.now()
  expect((await wechat.send(token)).json.errcode).toBe(0)
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39)

  simulator.addFault({ path: send, action: { delayMs: 60_000 }, times: 1 })
  const never = failure(wechat.send(token))
  await vi.waitFor(() => expect(simulator.stats().accepted).toBe(2))
  await simulator.close()
  expect(await never).not.toBe('no failure')
})

test('an endless answer goes on until the client hangs up', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ path: send, action: 'endless', times: 1 })
  const response = await fetch(`${simulator.base}${send}?access_token=${token}`, {
    method: 'POST',
    body: '{}',
  })
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > 5_000_000) break
  }
  expect(length).toBeGreaterThan(5_000_000)
  await vi.waitFor(() => expect(simulator.stats().inFlight.now).toBe(0))
  expect((await wechat.send(token)).json.errcode).toBe(0)
})

test('a batchget can come in another order than asked', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ action: 'reversed', times: 1 })
  const openids = [0, 1, 2].map((n) => simulator.userAt(n).openid)
  const { text } = await wechat.post(`/cgi-bin/user/info/batchget?access_token=${token}`, {
    user_list: openids.map((openid) => ({ openid })),
  })
  expect([...text.matchAll(/"openid":"([^"]+)"/g)].map(([, openid]) => openid)).toEqual(openids.toReversed())
})

test('a fault hits its path, recipient and template, after so many calls, so many times', async () => {
  const { simulator, wechat, token } = await startWithToken()
  const errcodes = async (count: number, more = {}) => {
    const found = []
    for (let call = 0; call < count; call++) found.push((await wechat.send(token, more)).json.errcode)
    return found
  }
  const fault = simulator.addFault({ path: '/cgi-bin/message/', action: { errcode: -1 }, after: 2, times: 3 })
  expect((await wechat.get('/cgi-bin/user/get', { access_token: token })).json.errcode).toBeUndefined()
  expect(await errcodes(7)).toEqual([0, 0, -1, -1, -1, 0, 0])
  expect(fault.hits).toBe(3)

  const other = simulator.userAt(1).openid
  const openid = simulator.userAt(0).openid
  const exact = simulator.addFault({ path: '/cgi-bin/user/info', action: { errcode: -1 } })
  const batch = { user_list: [{ openid }] }
  const batchget = await wechat.post(`/cgi-bin/user/info/batchget?access_token=${token}`, batch)
  expect(batchget.json.errcode).toBeUndefined()
  const infoCall = await wechat.get('/cgi-bin/user/info', { access_token: token, openid })
  expect(infoCall.json.errcode).toBe(-1)
  exact.remove()

  const byOpenid = simulator.addFault({ action: { errcode: 45011 }, match: { openid: other } })
  expect(await errcodes(1)).toEqual([0])
  expect(await errcodes(1, { touser: other })).toEqual([45011])
  const info = await wechat.get('/cgi-bin/user/info', { access_token: token, openid: other })
  expect(info.json.errcode).toBe(45011)
  byOpenid.remove()
  expect(await errcodes(1, { touser: other })).toEqual([0])

  const { templateId = '' } = simulator.templates[1] ?? {}
  simulator.addFault({ action: { errcode: 40037 }, match: { templateId } })
  expect(await errcodes(2)).toEqual([0, 0])
  expect(await errcodes(1, { template_id: templateId })).toEqual([40037])
  expect(simulator.faults()).toMatchObject([{ match: { templateId }, hits: 1 }])
  simulator.clearFaults()
  expect(simulator.faults()).toEqual([])
})

test('the first fault that applies is used, the next one when it is used up', async () => {
  const { simulator, wechat, token } = await startWithToken()
  simulator.addFault({ action: { errcode: -1 }, times: 1 })
  simulator.addFault({ action: { errcode: 45009 } })
  expect((await wechat.send(token)).json.errcode).toBe(-1)
  expect((await wechat.send(token)).json.errcode).toBe(45009)
})

test('chances follow the seed', async () => {
  const draw = async () => {
    const { simulator, wechat, token } = await startWithToken({ seed: 9 })
    simulator.addFault({ path: send, action: { errcode: -1 }, probability: 0.3 })
    const errcodes = []
    for (let call = 0; call < 100; call++) errcodes.push((await wechat.send(token)).json.errcode)
    return errcodes
  }
  const first = await draw()
  expect(await draw()).toEqual(first)
  const hits = first.filter((errcode) => errcode === -1).length
  expect(hits).toBeGreaterThan(15)
  expect(hits).toBeLessThan(45)
})

test('a fault nobody could mean is refused with what was expected', async () => {
  const { simulator } = await startSimulator()
  expect(() => simulator.addFault({ path: 'cgi-bin', action: 'html' })).toThrow(
    'path: expected a text that starts with /',
  )
  expect(() => simulator.addFault({ action: 'html', times: 0 })).toThrow(
    'times: expected a whole number from 1',
  )
  expect(() => simulator.addFault({ action: 'html', probability: 2 })).toThrow(
    'probability: expected a number from 0 to 1',
  )
})

test('closing ends calls that hang, drip or wait, and frees the port', async () => {
  const countTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const timers = countTimers()
  const simulator = await createSimulator()
  const actions = ['hang', 'drip', 'endless', { delayMs: 60_000 }] as const
  const calls = actions.map((action) => {
    simulator.addFault({ action, times: 1, everyMs: 60_000 })
    return fetch(`${simulator.base}/cgi-bin/getcallbackip`).then((response) => response.text())
  })
  await vi.waitFor(() => expect(simulator.stats().faultHits).toBe(4))
  await simulator.close()
  expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
  await vi.waitFor(() => expect(countTimers()).toBeLessThanOrEqual(timers))
  const next = await createSimulator({ port: simulator.port })
  expect(next.port).toBe(simulator.port)
  await expect(createSimulator({ port: next.port })).rejects.toThrow('EADDRINUSE')
  await next.close()
})

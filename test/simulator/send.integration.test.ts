import { expect, test } from 'vitest'
import type { AcceptedMessage } from '../../src/simulator/platform/messages/acceptedMessage.ts'
import { startSimulator, toData, toMessage } from '../helpers/simulatorClient.ts'

const minute = 60_000
const path = '/cgi-bin/message/template/send'
const noon = () => Date.parse('2026-11-20T12:00:00+08:00')

function msgidOf({ text }: { text: string }): string | undefined {
  return /"msgid":(\d+)\}$/.exec(text)?.[1]
}

test('a message is accepted with a 19-digit msgid that a double cannot hold, and remembered whole', async () => {
  const seen: AcceptedMessage[] = []
  const { simulator, wechat } = await startSimulator({
    followers: 2,
    now: noon,
    onAccepted: (message) => seen.push(message),
  })
  const token = await wechat.getToken()
  const answer = await wechat.send(token, {
    client_msg_id: 'm1',
    url: 'https://example.com/a',
    miniprogram: { appid: simulator.miniprogram.appid, pagepath: 'pages/index?id=1' },
  })
  expect(answer.status).toBe(200)
  expect(answer.text).toMatch(/^\{"errcode":0,"errmsg":"ok","msgid":[1-9]\d{18}\}$/)
  const msgid = msgidOf(answer) ?? ''
  expect(String(Number(msgid))).not.toBe(msgid)
  expect(BigInt(msgid)).toBeLessThan(2n ** 63n)
  expect([...simulator.accepted()]).toEqual([
    {
      msgid,
      openid: simulator.userAt(0).openid,
      clientMsgId: 'm1',
      templateId: simulator.templates[0]?.templateId,
      data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
      url: 'https://example.com/a',
      miniprogram: { appid: simulator.miniprogram.appid, pagepath: 'pages/index?id=1' },
      at: noon(),
      token,
    },
  ])
  expect(seen).toEqual([...simulator.accepted()])
})

test('msgids never repeat', async () => {
  const { wechat } = await startSimulator({ followers: 1 })
  const token = await wechat.getToken()
  const answers = await Promise.all(Array.from({ length: 200 }, () => wechat.send(token)))
  expect(new Set(answers.map(msgidOf)).size).toBe(200)
})

test('the same client_msg_id to the same openid is sent once within ten minutes', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 2, now: noon })
  const token = await wechat.getToken()
  const send = (more = {}) => wechat.send(token, { client_msg_id: 'm1', ...more })
  const first = msgidOf(await send())
  simulator.advance(10 * minute - 1)
  expect(msgidOf(await send({ data: toData({ thing1: 'b', time2: '10:00' }) }))).toBe(first)
  expect(msgidOf(await send({ touser: simulator.userAt(1).openid }))).not.toBe(first)
  expect(msgidOf(await send({ client_msg_id: 'm2' }))).not.toBe(first)
  expect(simulator.stats()).toMatchObject({ accepted: 3, duplicates: 1, maxSendsPerClientMsgId: 2 })

  simulator.advance(1)
  expect(msgidOf(await send())).not.toBe(first)
  expect(simulator.stats()).toMatchObject({ accepted: 4, duplicates: 1 })
})

test('the window of a message counts from its acceptance, not from its last repeat, over many windows', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1, tokenLifeSeconds: 1_000_000 })
  const token = await wechat.getToken()
  const accepted = []
  for (let step = 0; step < 30; step++) {
    await wechat.send(token, { client_msg_id: 'm1' })
    accepted.push(simulator.stats().accepted)
    simulator.advance(4 * minute)
  }
  // Accepted at minute 0, 12, 24...: every third of the calls that are 4 minutes apart.
  expect(accepted).toEqual(Array.from({ length: 30 }, (_, step) => Math.floor(step / 3) + 1))
})

test('every message has a window of its own, however many others come between', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1, now: noon })
  const token = await wechat.getToken()
  const sent = new Map<number, string | undefined>()
  const send = async (id: number) => msgidOf(await wechat.send(token, { client_msg_id: `m${id}` }))
  for (let now = 0; now < 40; now++) {
    sent.set(now, await send(now))
    if (now >= 9) expect(await send(now - 9)).toBe(sent.get(now - 9))
    simulator.advance(minute)
  }
  expect(simulator.stats()).toMatchObject({ accepted: 40, duplicates: 31, maxSendsPerClientMsgId: 2 })
})

test('the client_msg_id rule can be switched off, and a repeat can be an error', async () => {
  const off = await startSimulator({ followers: 1, dedupeWindowMs: 0 })
  const token = await off.wechat.getToken()
  for (let call = 0; call < 3; call++) await off.wechat.send(token, { client_msg_id: 'm1' })
  expect(off.simulator.stats()).toMatchObject({ accepted: 3, duplicates: 0, maxSendsPerClientMsgId: 3 })

  const { simulator, wechat } = await startSimulator({ followers: 1, dedupeAnswer: 45065 })
  const other = await wechat.getToken()
  await wechat.send(other, { client_msg_id: 'm1' })
  const repeat = await wechat.send(other, { client_msg_id: 'm1' })
  expect(repeat.json.errcode).toBe(45065)
  expect(repeat.text).toContain(`"msg_id":${[...simulator.accepted()][0]?.msgid}}`)
  expect(simulator.stats()).toMatchObject({ accepted: 1, duplicates: 1 })
})

test('a refused message does not use up its client_msg_id', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1 })
  const token = await wechat.getToken()
  const bad = { client_msg_id: 'm1', data: toData({ thing1: '', time2: '10:00' }) }
  expect((await wechat.send(token, bad)).json.errcode).toBe(47003)
  expect((await wechat.send(token, { client_msg_id: 'm1' })).json.errcode).toBe(0)
  expect(simulator.stats()).toMatchObject({ accepted: 1, duplicates: 0 })
})

test('the recipient is judged: unknown, of the mini-program, not following, left, blacklisted', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 3 })
  const token = await wechat.getToken()
  const sendTo = async (touser: unknown) => (await wechat.send(token, { touser })).json
  expect((await sendTo(undefined)).errcode).toBe(41009)
  expect((await sendTo('')).errcode).toBe(41009)
  expect((await sendTo('nobody')).errcode).toBe(40003)
  expect((await sendTo(simulator.userAt(0).miniprogramOpenid)).errcode).toBe(40003)
  expect((await sendTo(simulator.userAt(0).unionid)).errcode).toBe(40003)
  expect(await sendTo(simulator.userAt(3).openid)).toEqual({
    errcode: 43004,
    errmsg: expect.stringMatching(/^require subscribe rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/),
  })
  simulator.unfollow(simulator.userAt(1).openid)
  expect((await sendTo(simulator.userAt(1).openid)).errcode).toBe(43004)
  simulator.setBlacklisted(simulator.userAt(2).openid, true)
  expect((await sendTo(simulator.userAt(2).openid)).errcode).toBe(43019)
  simulator.setBlacklisted(simulator.userAt(2).openid, false)
  expect((await sendTo(simulator.userAt(2).openid)).errcode).toBe(0)
  expect(simulator.stats().accepted).toBe(1)
})

test('the template is judged: missing, unknown, deleted, the one-time subscription', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1 })
  const token = await wechat.getToken()
  const send = async (template_id: unknown) => (await wechat.send(token, { template_id })).json.errcode
  expect(await send(undefined)).toBe(40036)
  expect(await send('x'.repeat(43))).toBe(40037)
  const list = await wechat.get('/cgi-bin/template/get_all_private_template', { access_token: token })
  const subscription = /"template_id":"([^"]{43})","title":"订阅模板消息"/.exec(list.text)?.[1]
  expect(subscription).toHaveLength(43)
  expect(await send(subscription)).toBe(40037)
  const first = simulator.templates[0]?.templateId
  expect(await send(first)).toBe(0)
  await wechat.post(`/cgi-bin/template/del_private_template?access_token=${token}`, { template_id: first })
  expect(await send(first)).toBe(40037)
})

test('data that breaks a rule is refused with the text that names the keyword', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1 })
  const token = await wechat.getToken()
  const template_id = simulator.templates[1]?.templateId
  const good = { character_string1: 'A1', amount2: '¥1', phrase3: '已支付', time4: '15:01', thing5: '谢谢' }
  const send = async (values: Record<string, unknown>) =>
    (await wechat.send(token, { template_id, data: toData(values) })).json
  expect((await send(good)).errcode).toBe(0)
  expect(await send({ ...good, thing5: '字'.repeat(21) })).toEqual({
    errcode: 47003,
    errmsg: expect.stringMatching(/^argument invalid! data\.thing5\.value invalid rid: [0-9a-f-]{26}$/),
  })
  const { time4: _, ...withoutTime } = good
  expect((await send(withoutTime)).errmsg).toMatch(/^argument invalid! data\.time4\.value is empty rid: /)
  expect((await wechat.send(token, { template_id, data: 'x' })).json.errcode).toBe(47001)
})

test('the jump is judged: length of the url, mini-program, page', async () => {
  const { simulator, wechat } = await startSimulator({
    followers: 1,
    linkedMiniprograms: ['wxfriend'],
    pages: ['pages/a'],
  })
  const token = await wechat.getToken()
  const send = async (more: Record<string, unknown>) => (await wechat.send(token, more)).json.errcode
  const { appid } = simulator.miniprogram
  expect(await send({ url: `https://example.com/${'x'.repeat(3_000)}` })).toBe(40039)
  expect(await send({ url: 5 })).toBe(47001)
  expect(await send({ url: '', miniprogram: { appid: 'wxfriend' } })).toBe(0)
  expect(await send({ miniprogram: { appid: 'wxstranger' } })).toBe(40166)
  expect(await send({ miniprogram: { pagepath: 'pages/a' } })).toBe(40166)
  expect(await send({ miniprogram: { appid, pagepath: '/pages/a?x=1' } })).toBe(0)
  expect(await send({ miniprogram: { appid, pagepath: 'pages/b' } })).toBe(40165)

  const anyPage = await startSimulator({ followers: 1 })
  const other = await anyPage.wechat.getToken()
  const sendTo = async (pagepath: string) =>
    (await anyPage.wechat.send(other, { miniprogram: { appid, pagepath } })).json
  expect((await sendTo('pages/whatever/index.html?a=1&b=2')).errcode).toBe(0)
  expect((await sendTo('https://example.com')).errcode).toBe(40165)
})

test('what is no JSON of the right kind is refused before the message is looked at', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1 })
  const url = `${path}?access_token=${await wechat.getToken()}`
  const errcodeOf = async (body?: unknown) => (await wechat.post(url, body)).json.errcode
  expect((await wechat.get(path)).json.errcode).toBe(43002)
  expect((await wechat.post(path, 'x')).json.errcode).toBe(41001)
  expect(await errcodeOf()).toBe(44002)
  expect(await errcodeOf('touser=o&template_id=x')).toBe(47001)
  expect(await errcodeOf('{"touser":')).toBe(47001)
  expect(await errcodeOf('[]')).toBe(47001)
  const whole = JSON.stringify(toMessage(simulator))
  expect(await errcodeOf(`${whole}x`)).toBe(47001)
  expect(await errcodeOf(whole.replace('订', '\\u8ba2'))).toBe(47002)
  expect(await errcodeOf(whole.replace('订', '\\\\u8ba2'))).toBe(0)
  expect(await errcodeOf(whole.replace('订', '\\u0041'))).toBe(0)
  expect((await wechat.post(url, 'x'.repeat(2_000_000))).status).toBe(413)
})

test('the daily quota answers 45009 until midnight in Shanghai', async () => {
  let now = Date.parse('2026-11-20T23:30:00+08:00')
  const { simulator, wechat } = await startSimulator({
    followers: 1,
    quotas: { templateSend: 2 },
    now: () => now,
  })
  const token = await wechat.getToken()
  const send = async () => (await wechat.send(token)).json
  expect([(await send()).errcode, (await send()).errcode]).toEqual([0, 0])
  expect(await send()).toEqual({
    errcode: 45009,
    errmsg: expect.stringMatching(/^reach max api daily quota limit rid: /),
  })
  now += 30 * minute
  expect((await send()).errcode).toBe(0)
  expect(simulator.stats().accepted).toBe(3)
})

test('the hidden rate refuses what is above it and can change while running', async () => {
  let now = noon()
  const { simulator, wechat } = await startSimulator({ followers: 1, rate: { perSecond: 3 }, now: () => now })
  const token = await wechat.getToken()
  const sendSome = async (count: number) => {
    const answers = await Promise.all(Array.from({ length: count }, () => wechat.send(token)))
    return answers.map(({ json }) => json.errcode).sort()
  }
  expect(await sendSome(5)).toEqual([0, 0, 0, 45011, 45011])
  now += 1_000
  expect(await sendSome(3)).toEqual([0, 0, 0])
  simulator.setRate({ perMinute: 1, errcode: -1 })
  expect(await sendSome(2)).toEqual([-1, 0])
  now += minute
  expect(await sendSome(1)).toEqual([0])
  simulator.setRate({})
  expect(await sendSome(5)).toEqual([0, 0, 0, 0, 0])
})

test('accepted messages are not kept when memory must stay bounded', async () => {
  const { simulator, wechat } = await startSimulator({ followers: 1, keepAccepted: false })
  await wechat.send(await wechat.getToken(), { client_msg_id: 'm1' })
  expect([...simulator.accepted()]).toEqual([])
  expect(simulator.stats().accepted).toBe(1)
})

test('every answer is late by the latency', async () => {
  const { wechat } = await startSimulator({ followers: 1, latencyMs: 40 })
  const token = await wechat.getToken()
  const startedAt = performance.now()
  expect((await wechat.send(token)).json.errcode).toBe(0)
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39)
})

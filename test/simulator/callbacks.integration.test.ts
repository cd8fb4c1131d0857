import { expect, test } from 'vitest'
import { postedAt, startPosting } from '../helpers/callbackPosting.ts'
import { signed, startReceiver, toFields, unseal } from '../helpers/callbackReceiver.ts'
import { openCallbackServer } from '../helpers/callbackServer.ts'
import { findClosedBase } from '../helpers/scriptedServer.ts'
import { callbackAccount } from '../helpers/seal.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'

const { appid, token, encodingAesKey } = callbackAccount

test('the URL is checked by GET with a signature and an echostr before the simulator is ready', async () => {
  const { simulator, requests } = await startPosting()
  const [check, ...others] = requests
  const { signature, timestamp, nonce, echostr } = Object.fromEntries(check?.query ?? [])
  expect({ method: check?.method, path: check?.path }).toEqual({ method: 'GET', path: '/wechat/callback' })
  expect(signature).toBe(signed(token, timestamp ?? '', nonce ?? ''))
  expect([timestamp, /^\d{10,}$/.test(echostr ?? '')]).toEqual([String(postedAt / 1000), true])
  expect(others).toEqual([])
  expect(simulator.callback()).toMatchObject({ mode: 'plain', check: { ok: true } })
})

test('a URL that fails the check is reported with the reason, and gets events all the same', async () => {
  const { simulator, events } = await startPosting()
  const closed = await findClosedBase()
  expect(await simulator.setCallback({ url: closed, token })).toEqual({
    ok: false,
    problem: expect.stringMatching(/^connect ECONNREFUSED .*, expected the echostr$/),
  })
  expect(simulator.callback()).toMatchObject({ url: closed, check: { ok: false } })

  const wrong = await startReceiver()
  expect(await simulator.setCallback({ url: `${wrong.url}?echostr=mine`, token })).toEqual({
    ok: false,
    problem: 'answered 200 "mine", expected the echostr',
  })
  simulator.follow()
  await simulator.callbacksSettled()
  expect(wrong.events()).toMatchObject([{ Event: 'subscribe' }])
  expect(events()).toEqual([])
})

test('a follow and an unfollow are posted as plain XML, signed, in order, and only when something changed', async () => {
  const { simulator, posts, events } = await startPosting()
  const { openid } = simulator.userAt(40)
  simulator.follow(openid)
  simulator.follow(openid)
  simulator.unfollow(openid)
  simulator.unfollow(openid)
  simulator.follow(openid, { eventKey: 'qrscene_1000' })
  simulator.unfollow('nobody')
  await simulator.callbacksSettled()

  const common = {
    ToUserName: simulator.originalId,
    FromUserName: openid,
    CreateTime: String(postedAt / 1000),
    MsgType: 'event',
  }
  expect(events()).toEqual([
    { ...common, Event: 'subscribe', EventKey: '' },
    { ...common, Event: 'unsubscribe', EventKey: '' },
    { ...common, Event: 'subscribe', EventKey: 'qrscene_1000', Ticket: expect.stringMatching(/^\S{90,}$/) },
  ])
  expect(simulator.originalId).toMatch(/^gh_[0-9a-f]{12}$/)
  expect(posts[0]?.text).toContain(`<FromUserName><![CDATA[${openid}]]></FromUserName>`)
  const { signature, timestamp, nonce, ...rest } = Object.fromEntries(posts[0]?.query ?? [])
  expect(rest).toEqual({ openid })
  expect(signature).toBe(signed(token, timestamp ?? '', nonce ?? ''))
  expect(posts[0]?.headers['content-type']).toBe('text/xml')
})

test('an openid with the end of a CDATA section in it arrives whole', async () => {
  const { simulator, events } = await startPosting()
  simulator.follow('o]]>x<&')
  await simulator.callbacksSettled()
  expect(events()).toMatchObject([{ FromUserName: 'o]]>x<&' }])
})

test('in safe mode only openssl with the key can read the event, whatever its length', async () => {
  const { simulator, posts } = await startPosting({ encodingAesKey })
  const people = Array.from({ length: 32 }, (_, n) => `订${'x'.repeat(n)}`)
  for (const person of people) simulator.follow(person)
  await simulator.callbacksSettled()

  const seen = posts.map(({ query, text }) => {
    const { ToUserName, Encrypt = '', ...others } = toFields({ text })
    expect({ ToUserName, others }).toEqual({ ToUserName: simulator.originalId, others: {} })
    expect(query.get('encrypt_type')).toBe('aes')
    expect(query.get('msg_signature')).toBe(
      signed(token, query.get('timestamp'), query.get('nonce'), Encrypt),
    )
    expect(query.get('signature')).toBe(signed(token, query.get('timestamp'), query.get('nonce')))
    const opened = unseal(Encrypt, encodingAesKey)
    expect(opened.appid).toBe(appid)
    expect(opened.length % 32).toBe(0)
    expect(opened.padding).toEqual(Array(opened.padding.length).fill(opened.padding.length))
    return { ...opened, fields: toFields({ text: opened.message }) }
  })
  expect(seen.map(({ fields }) => fields.FromUserName).sort()).toEqual([...people].sort())
  expect(new Set(seen.map(({ padding }) => padding.length)).size).toBe(32)
  expect(new Set(seen.map(({ random }) => random)).size).toBe(32)
})

test('in compatible mode the event comes both readable and encrypted', async () => {
  const { simulator, posts, events, openid } = await startPosting({ encodingAesKey, mode: 'compatible' })
  simulator.unfollow(openid)
  await simulator.callbacksSettled()
  const { Encrypt = '', ...fields } = events()[0] ?? {}
  expect(fields).toMatchObject({ FromUserName: openid, Event: 'unsubscribe' })
  expect(toFields({ text: unseal(Encrypt, encodingAesKey).message })).toEqual(fields)
  expect(posts[0]?.query.get('encrypt_type')).toBe('aes')
})

test.each(['plain', 'compatible', 'safe'] as const)(
  'our own callback server takes what %s mode posts',
  async (mode) => {
    const keys = mode === 'plain' ? [] : [encodingAesKey]
    const server = await openCallbackServer({ keys, now: () => postedAt })
    const url = `${server.url}/wechat/callback`
    const { simulator, send, openid } = await startPosting({
      url,
      mode,
      ...(mode !== 'plain' && { encodingAesKey }),
    })
    const msgid = await send()
    simulator.unfollow(openid)
    simulator.raiseEvent({ event: 'user_authorization_revoke', openid, revokeInfo: '301' })
    await simulator.callbacksSettled()
    const stored = server
      .stored()
      .map(({ kind, openid: of, msgid: id, status }) => ({ kind, of, id, status }))
    await server.close()
    expect(simulator.callback()?.check).toEqual({ ok: true })
    expect(stored.sort((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
      { kind: 'receipt', of: openid, id: msgid, status: 'success' },
      { kind: 'unsubscribe', of: openid, id: '', status: '' },
      { kind: 'user_authorization_revoke', of: openid, id: '', status: '' },
    ])
  },
)

test('each accepted message gets one receipt with its 19 digits; a repeated or refused one gets none', async () => {
  const { simulator, send, events, openid } = await startPosting()
  const msgid = await send({ client_msg_id: 'a' })
  expect(await send({ client_msg_id: 'a' })).toBe(msgid)
  expect(await send({ touser: 'nobody' })).toBe('')
  await simulator.callbacksSettled()
  expect(events()).toEqual([
    {
      ToUserName: simulator.originalId,
      FromUserName: openid,
      CreateTime: String(postedAt / 1000),
      MsgType: 'event',
      Event: 'TEMPLATESENDJOBFINISH',
      MsgID: msgid,
      Status: 'success',
    },
  ])
  expect(msgid).toMatch(/^\d{19}$/)
})

test('a message whose answer got lost gets its receipt', async () => {
  const { simulator, wechat, events } = await startPosting()
  const accessToken = await wechat.getToken()
  simulator.addFault({ action: 'reset_after', times: 1 })
  await expect(wechat.send(accessToken)).rejects.toThrow()
  await simulator.callbacksSettled()
  expect(events()).toMatchObject([{ MsgID: [...simulator.accepted()][0]?.msgid }])
})

test('a message held for review is refused and delivered all the same, unless told otherwise', async () => {
  const { simulator, wechat, events } = await startPosting()
  const accessToken = await wechat.getToken()
  simulator.addFault({ action: { errcode: 40252 }, times: 1 })
  simulator.addFault({ action: { errcode: 40252 }, accepted: false, times: 1 })
  for (const client_msg_id of ['a', 'b']) {
    const { json } = await wechat.send(accessToken, { client_msg_id })
    expect(json).toMatchObject({ errcode: 40252, errmsg: expect.stringContaining('platform review') })
    expect(json).not.toHaveProperty('msgid')
  }
  await simulator.callbacksSettled()
  expect([...simulator.accepted()]).toMatchObject([{ clientMsgId: 'a' }])
  expect(events()).toMatchObject([{ MsgID: [...simulator.accepted()][0]?.msgid, Status: 'success' }])
})

test('a receipt comes after its delay', async () => {
  const { simulator, send, events } = await startPosting({ receiptDelayMs: 120 })
  const startedAt = performance.now()
  await send()
  expect(events()).toEqual([])
  await simulator.callbacksSettled()
  expect(performance.now() - startedAt).toBeGreaterThan(115)
  expect(events()).toHaveLength(1)
})

test('somebody who blocks the account is told of by the receipt', async () => {
  const { simulator, send, events, openid } = await startPosting()
  simulator.setBlocking(openid, true)
  await send()
  await send({ touser: simulator.userAt(1).openid })
  await simulator.callbacksSettled()
  simulator.setBlocking(openid, false)
  await send()
  await simulator.callbacksSettled()
  expect(
    events()
      .map(({ Status }) => Status)
      .sort(),
  ).toEqual(['failed:user block', 'success', 'success'])
  expect(events().find(({ Status }) => Status !== 'success')?.FromUserName).toBe(openid)
})

test('events about the stored data of a user come from the platform and name the user apart', async () => {
  const { simulator, posts, events, openid } = await startPosting()
  simulator.raiseEvent({ event: 'user_info_modified', openid, revokeInfo: '1' })
  await simulator.callbacksSettled()
  simulator.raiseEvent({ event: 'user_authorization_cancellation', openid, appid: 'wxmini' })
  await simulator.callbacksSettled()
  expect(events()).toMatchObject([
    { Event: 'user_info_modified', OpenID: openid, AppID: appid, RevokeInfo: '1' },
    { Event: 'user_authorization_cancellation', OpenID: openid, AppID: 'wxmini', RevokeInfo: '' },
  ])
  const [sender] = events().map(({ FromUserName }) => FromUserName)
  expect(sender).not.toBe(openid)
  expect(posts[0]?.query.get('openid')).toBe(sender)
})

test('a receipt of a message nobody sent is posted as asked', async () => {
  const { simulator, events, openid } = await startPosting()
  simulator.raiseEvent({ event: 'TEMPLATESENDJOBFINISH', openid, msgid: '4242', status: 'failed: other' })
  simulator.raiseEvent({ event: 'TEMPLATESENDJOBFINISH', openid })
  await simulator.callbacksSettled()
  expect(
    events()
      .map(({ MsgID, Status }) => `${MsgID} ${Status}`)
      .sort(),
  ).toEqual(['0 success', '4242 failed: other'])
})

test('without a callback nothing is posted and nothing remembered', async () => {
  const { simulator, send, events } = await startPosting({ receiptDelayMs: 30 })
  await send()
  simulator.removeCallback()
  simulator.follow()
  await send()
  await simulator.callbacksSettled()
  expect(events()).toEqual([])
  expect(simulator.callback()).toBeUndefined()
  expect([...simulator.events()].map(({ event, outcome }) => ({ event, outcome }))).toEqual([
    { event: 'TEMPLATESENDJOBFINISH', outcome: 'dropped' },
  ])
})

test('settings that cannot be meant are refused', async () => {
  const { simulator } = await startPosting()
  const { url } = simulator.callback() ?? { url: '' }
  const cases: [object, string][] = [
    [{ url: 'nowhere', token }, 'url: expected an http or https URL'],
    [{ url: 'ftp://x', token }, 'url: expected'],
    [{ url, token: '' }, 'token: expected a text'],
    [{ url, token, encodingAesKey: 'short' }, 'encodingAesKey: expected 43 letters and digits'],
    [{ url, token, mode: 'safe' }, 'encodingAesKey: mode safe needs one'],
    [{ url, token, mode: 'loud' }, 'mode: expected one of plain, compatible, safe'],
    [{ url, token, concurrency: 0 }, 'concurrency: expected a whole number from 1'],
    [{ url, token, key: encodingAesKey }, 'unknown field key: expected one of url, token'],
  ]
  for (const [options, problem] of cases) {
    await expect(simulator.setCallback({ url, token, ...options })).rejects.toThrow(problem)
  }
  await expect(startSimulator({ callback: { url: 'nowhere', token } })).rejects.toThrow('url: expected')
  expect(simulator.callback()?.check).toEqual({ ok: true })
})

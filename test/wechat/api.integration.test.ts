import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createWechatApi } from '../../src/wechat/api.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { reasonOf } from '../../src/wechat/errcode.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'
import { type SeenRequest, startScriptedServer } from '../helpers/scriptedServer.ts'

type Answer = (response: ServerResponse, request: SeenRequest) => unknown

const proxy = { http: undefined, https: undefined, none: undefined }
const tokenPath = '/cgi-bin/stable_token'
const message = {
  openid: 'oA',
  templateId: 'TPL',
  data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
  clientMsgId: 'push-1',
}

/** A platform with one valid token at a time, which `kill` replaces. */
async function setUp(answer: Answer) {
  let generation = 1
  const server = await startScriptedServer((response, request) => {
    const token = `TOKEN-${generation}`
    if (request.path === tokenPath)
      return response.end(JSON.stringify({ access_token: token, expires_in: 7200 }))
    if (request.query.get('access_token') !== token)
      return response.end('{"errcode":40001,"errmsg":"not latest"}')
    return answer(response, request)
  })
  const log = pino({ level: 'silent' })
  const [transport, hotTransport] = [createGotTransport({ proxy }), createUndiciTransport({ proxy })]
  const client = createWechatClient({ bases: [server.base], transport, hotTransport, log })
  onTestFinished(() => client.close())
  const store = { load: async () => undefined, save: async () => {} }
  const tokens = createTokenSource({ appid: 'wx1', secret: 's', client, store, log })
  const seen = (path: string) => server.requests.filter((request) => request.path === path)
  const kill = () => {
    generation += 1
  }
  return { api: createWechatApi({ client, tokens }), seen, kill }
}

const says = (body: unknown) => (response: ServerResponse) =>
  response.end(typeof body === 'string' ? body : JSON.stringify(body))

describe('asking what the review intercepted', () => {
  const path = '/wxa/sec/queryblocktmplmsg'
  const told = {
    ...{ id: '2', tmpl_msg_id: 'HFm', title: '通知', content: '内容' },
    ...{ send_timestamp: 1_788_796_187, openid: 'oA' },
  }
  const read = {
    ...{ id: 2, messageId: 'HFm', title: '通知', content: '内容' },
    ...{ sentAt: 1_788_796_187_000, openid: 'oA' },
  }

  test.each([
    ['a list', [told], [read]],
    ['one message by itself', told, [read]],
    ['a number as number', [{ ...told, id: 2 }], [read]],
    ['none', [], []],
    ['nothing at all', undefined, []],
    ['rows that tell of no message', [{}, null, { ...told, id: 'x' }, { ...told, openid: '' }, told], [read]],
    ['rows without a time', [{ ...told, send_timestamp: '1' }], []],
  ])('reads %s', async (_, msginfo, expected) => {
    const { api, seen } = await setUp(says({ errcode: 0, errmsg: 'ok', msginfo }))
    expect(await api.getIntercepted('TPL', 7)).toEqual(expected)
    expect(seen(path).map(({ text }) => JSON.parse(text))).toEqual([
      { tmpl_msg_id: 'TPL', largest_id: 7, limit: 100 },
    ])
  })
})

describe('sending a template message', () => {
  const path = '/cgi-bin/message/template/send'

  test('posts it in the spelling of WeChat', async () => {
    const { api, seen } = await setUp(says('{"errcode":0,"errmsg":"ok","msgid":200228332}'))
    await api.sendTemplate(message)
    await api.sendTemplate({
      ...message,
      url: 'https://a.b',
      miniprogram: { appid: 'wxm', pagepath: 'index?a=b' },
    })
    const plain = {
      touser: 'oA',
      template_id: 'TPL',
      client_msg_id: 'push-1',
      data: { thing1: { value: '订单已发货' }, time2: { value: '2026-11-20 15:01' } },
    }
    expect(seen(path).map(({ text }) => JSON.parse(text))).toEqual([
      plain,
      { ...plain, url: 'https://a.b', miniprogram: { appid: 'wxm', pagepath: 'index?a=b' } },
    ])
    expect(seen(path)[0]?.query.get('access_token')).toBe('TOKEN-1')
  })

  test.each([
    ['{"errcode":0,"errmsg":"ok","msgid":3564882607550627844}', '3564882607550627844'],
    ['{"errcode":0,"errmsg":"ok","msgid":"1253912252621750273"}', '1253912252621750273'],
    ['{ "errcode" : "0" , "msgid" : 42 , "errmsg" : "ok" }', '42'],
    ['{"errcode":0,"errmsg":"the \\"msgid\\":1 follows","msgid":9007199254740993}', '9007199254740993'],
  ])('keeps every digit of the msgid in %s', async (body, msgid) => {
    const { api } = await setUp(says(body))
    expect(await api.sendTemplate(message)).toEqual({ msgid })
  })

  test.each([
    '{"errcode":0,"errmsg":"ok"}',
    '{"msgid":42}',
    '{}',
    '{"errcode":0,"msgid":null}',
    '{"errcode":0,"msgid":"x1"}',
  ])('takes %s for an answer that tells nothing', async (body) => {
    const { api } = await setUp(says(body))
    await expect(api.sendTemplate(message)).rejects.toMatchObject({
      kind: 'bad_body',
      maybeReceived: true,
      path,
    })
  })

  test('refused for good is an error with code, text and rid', async () => {
    const errmsg = 'require subscribe rid: 61725984-6126f6f9-040f19c4'
    const { api, seen } = await setUp(says({ errcode: 43004, errmsg }))
    const expected = { errcode: 43004, errmsg, rid: '61725984-6126f6f9-040f19c4', class: 'R', path }
    await expect(api.sendTemplate(message)).rejects.toMatchObject(expected)
    expect(seen(path)).toHaveLength(1)
  })

  test('can be given up', async () => {
    const controller = new AbortController()
    const { api } = await setUp(() => controller.abort())
    await expect(api.sendTemplate(message, controller.signal)).rejects.toMatchObject({ kind: 'aborted' })
  })
})

describe('a token killed from outside', () => {
  test('in the middle of 200 sends costs one fetch and no send', async () => {
    let answered = 0
    const { api, seen, kill } = await setUp((response) => {
      if (++answered === 50) kill()
      response.end(`{"errcode":0,"errmsg":"ok","msgid":${answered}}`)
    })
    const sent = await Promise.all(Array.from({ length: 200 }, () => api.sendTemplate(message)))
    expect(new Set(sent.map(({ msgid }) => msgid)).size).toBe(200)
    expect(answered).toBe(200)
    expect(seen(tokenPath)).toHaveLength(2)
  })

  test('again and again is a fault of the account after three fruitless fetches', async () => {
    const { api, seen, kill } = await setUp(says('{"errcode":0,"msgid":1}'))
    await api.sendTemplate(message)
    const refusing = await setUp(says({ errcode: 42001, errmsg: 'expired' }))
    const faults = []
    for (let i = 0; i < 5; i++) faults.push(await refusing.api.sendTemplate(message).catch((error) => error))
    expect(faults.map((fault) => [fault.class, fault.tokenFruitless])).toEqual([
      ['T', false],
      ['T', false],
      ['A', true],
      ['A', true],
      ['A', true],
    ])
    expect(faults.map(reasonOf)).toEqual(Array(5).fill('token_invalid'))
    expect(refusing.seen(tokenPath)).toHaveLength(4)

    for (let i = 0; i < 5; i++) {
      kill()
      expect(await api.sendTemplate(message)).toEqual({ msgid: '1' })
    }
    expect(seen(tokenPath)).toHaveLength(6)
  })

  test('was renewed to good use where WeChat then refuses the message itself', async () => {
    let refusal = { errcode: 47003, errmsg: 'argument invalid! data.thing1.value invalid' }
    const { api, kill } = await setUp((response) => response.end(JSON.stringify(refusal)))
    for (let i = 0; i < 3; i++) {
      kill()
      await expect(api.sendTemplate(message)).rejects.toMatchObject({ errcode: 47003, class: 'C' })
    }
    refusal = { errcode: 40014, errmsg: 'invalid access_token' }
    await expect(api.sendTemplate(message)).rejects.toMatchObject({ errcode: 40014, class: 'T' })
  })
})

describe('a page of followers', () => {
  const path = '/cgi-bin/user/get'

  test('begins after the given openid', async () => {
    const { api, seen } = await setUp(
      says({ total: 3, count: 2, data: { openid: ['o1', 'o2'] }, next_openid: 'o2' }),
    )
    expect(await api.getFollowerPage(undefined)).toEqual({
      total: 3,
      openids: ['o1', 'o2'],
      nextOpenid: 'o2',
      oddRows: 0,
    })
    await api.getFollowerPage('o0')
    expect(seen(path).map(({ query }) => query.get('next_openid'))).toEqual([null, 'o0'])
  })

  test.each([
    ['no data', { total: 0, count: 0, next_openid: '' }, [], undefined],
    ['no data but a cursor', { total: 9, count: 0, next_openid: 'o9' }, [], 'o9'],
    ['an empty list', { total: 9, count: 0, data: { openid: [] }, next_openid: 'o9' }, [], 'o9'],
    ['empty data', { total: 9, count: 0, data: {}, next_openid: '' }, [], undefined],
    ['an empty cursor', { total: 1, count: 1, data: { openid: ['o1'] }, next_openid: '' }, ['o1'], undefined],
    ['no cursor', { total: 1, count: 1, data: { openid: ['o1'] } }, ['o1'], undefined],
  ])('with %s is read', async (_name, page, openids, nextOpenid) => {
    const { api } = await setUp(says(page))
    const { total } = page
    expect(await api.getFollowerPage('asked')).toEqual({ total, openids, nextOpenid, oddRows: 0 })
  })

  test('leaves out what names nobody', async () => {
    const { api } = await setUp(says({ total: 2, data: { openid: ['', 'o1', 7, null] } }))
    expect(await api.getFollowerPage(undefined)).toMatchObject({ openids: ['o1'], oddRows: 3 })
  })

  test.each([{ total: 1, data: { openid: 'o1' } }, { data: { openid: ['o1'] } }])(
    'cannot be %j',
    async (page) => {
      const { api } = await setUp(says(page))
      await expect(api.getFollowerPage(undefined)).rejects.toMatchObject({ kind: 'bad_body', path })
    },
  )
})

describe('follower infos', () => {
  const follower = {
    subscribe: 1,
    openid: 'o1',
    language: 'zh_CN',
    subscribe_time: 1_434_093_047,
    unionid: 'u1',
    remark: '老客户',
    groupid: 0,
    tagid_list: [128, 2],
    subscribe_scene: 'ADD_SCENE_QR_CODE',
    qr_scene: 98_765,
    qr_scene_str: '',
  }
  const expected = {
    openid: 'o1',
    subscribed: true,
    unionid: 'u1',
    subscribeTime: 1_434_093_047_000,
    scene: 'ADD_SCENE_QR_CODE',
    tagIds: [128, 2],
    remark: '老客户',
  }

  test('come in a batch, with those who left and those without unionid', async () => {
    const { unionid: _, ...unbound } = follower
    const users = [
      follower,
      { subscribe: 0, openid: 'o2' },
      { ...unbound, openid: 'o3' },
      { ...follower, unionid: '' },
    ]
    const { api, seen } = await setUp(says({ user_info_list: users }))
    const { unionid: __, ...withoutUnionid } = expected
    expect(await api.getFollowers(['o1', 'o2', 'o3'])).toEqual({
      infos: [
        expected,
        { openid: 'o2', subscribed: false },
        { ...withoutUnionid, openid: 'o3' },
        withoutUnionid,
      ],
      oddRows: 0,
    })
    const [request] = seen('/cgi-bin/user/info/batchget')
    expect(JSON.parse(request?.text ?? '')).toEqual({
      user_list: [{ openid: 'o1' }, { openid: 'o2' }, { openid: 'o3' }],
    })
  })

  test('come one by one', async () => {
    const { api, seen } = await setUp(says(follower))
    expect(await api.getFollower('o1')).toEqual(expected)
    expect(seen('/cgi-bin/user/info')[0]?.query.get('openid')).toBe('o1')
  })

  test('leave out rows that tell of nobody', async () => {
    const rows = [{}, { subscribe: 1 }, { subscribe: 1, openid: '' }, { openid: 'o1' }, null, follower]
    const { api } = await setUp(says({ user_info_list: rows }))
    expect(await api.getFollowers(['o1'])).toEqual({ infos: [expected], oddRows: 5 })
  })

  test('of one that tells of nobody are refused', async () => {
    const { api } = await setUp(says({ subscribe: 1 }))
    await expect(api.getFollower('o1')).rejects.toMatchObject({ kind: 'bad_body' })
  })

  test.each([{}, { user_info_list: {} }])('cannot be read from %j', async (body) => {
    const { api } = await setUp(says(body))
    await expect(api.getFollowers(['o1'])).rejects.toMatchObject({ kind: 'bad_body' })
  })
})

test('templates come with their fields, without the one-time subscription', async () => {
  const template = {
    template_id: 'TPL',
    title: '发货提醒',
    primary_industry: 'IT科技',
    deputy_industry: '互联网',
    content: '商品:{{thing1.DATA}}\n时间:{{time2.DATA}}',
    example: '商品:书',
  }
  const subscription = { template_id: 'SUB', title: '订阅模板消息', content: '{{content.DATA}}' }
  const { api } = await setUp(says({ template_list: [template, subscription] }))
  expect(await api.listTemplates()).toEqual([
    {
      templateId: 'TPL',
      title: '发货提醒',
      content: template.content,
      example: '商品:书',
      primaryIndustry: 'IT科技',
      deputyIndustry: '互联网',
      fields: [
        { key: 'thing1', type: 'thing' },
        { key: 'time2', type: 'time' },
      ],
    },
  ])
})

test('the quota of an endpoint is told, with its rate limit if there is one', async () => {
  const quota = { daily_limit: 100_000, used: 5, remain: 99_995 }
  const { api, seen } = await setUp((response) =>
    response.end(
      JSON.stringify(
        seen('/cgi-bin/openapi/quota/get').length === 1
          ? { errcode: 0, quota }
          : { errcode: 0, quota, rate_limit: { call_count: 600, refresh_second: 60 } },
      ),
    ),
  )
  const path = '/cgi-bin/message/template/send'
  const figures = { dailyLimit: 100_000, used: 5, remain: 99_995 }
  expect(await api.getQuota(path)).toEqual(figures)
  expect(await api.getQuota(path)).toEqual({ ...figures, rateLimit: { callCount: 600, refreshSeconds: 60 } })
  expect(JSON.parse(seen('/cgi-bin/openapi/quota/get')[0]?.text ?? '')).toEqual({ cgi_path: path })
})

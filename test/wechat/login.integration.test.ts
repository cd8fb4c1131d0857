import { execFileSync } from 'node:child_process'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createWechatClient, type WechatClient } from '../../src/wechat/client.ts'
import type { WechatApiError } from '../../src/wechat/errors.ts'
import { createLoginApi, type LoginApi } from '../../src/wechat/login.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import { type ScriptedServer, startScriptedServer } from '../helpers/scriptedServer.ts'

const account = { appid: 'wx5ab1e0feedc0ffee', secret: 'secret-of-the-mini-program' }
const tokens = {
  get: async () => 'TOKEN-1',
  renew: async () => 'TOKEN-2',
  accepted: () => {},
  toFault: (error: WechatApiError) => error,
}

let server: ScriptedServer
let client: WechatClient
let api: LoginApi
/** The next answer; every one after it is the last again. */
let answers: unknown[] = []

beforeEach(async () => {
  server = await startScriptedServer((response) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0]
    response.end(JSON.stringify(answer))
  })
  const transport = createGotTransport({ proxy: { http: undefined, https: undefined, none: undefined } })
  const log = pino({ level: 'silent' })
  client = createWechatClient({ bases: [server.base], transport, hotTransport: transport, log })
  api = createLoginApi({ client, tokens, account })
})
afterEach(async () => {
  await client.close()
})

function lastRequest() {
  const { method, path, query, text } = server.requests.at(-1) ?? {}
  return { method, path, query: Object.fromEntries(query ?? []), text }
}

describe('code to session', () => {
  it('asks by GET with the AppSecret and no access_token', async () => {
    answers = [{ openid: 'o1', session_key: 'a2V5', unionid: 'u1', errcode: 0, errmsg: 'ok' }]
    expect(await api.codeToSession('0a+b/c=')).toEqual({ openid: 'o1', sessionKey: 'a2V5', unionid: 'u1' })
    expect(lastRequest()).toEqual({
      method: 'GET',
      path: '/sns/jscode2session',
      query: { ...account, js_code: '0a+b/c=', grant_type: 'authorization_code' },
      text: '',
    })
  })

  it.each([[{}], [{ unionid: '' }], [{ unionid: null }]])('takes %j for no unionid', async (given) => {
    answers = [{ openid: 'o1', session_key: 'a2V5', expires_in: 7200, ...given }]
    expect(await api.codeToSession('0a')).toEqual({ openid: 'o1', sessionKey: 'a2V5', unionid: undefined })
  })

  it.each([[{}], [{ openid: 'o1' }], [{ session_key: 'a2V5' }], [{ openid: 1, session_key: 'a2V5' }]])(
    'takes %j for no usable answer',
    async (answer) => {
      answers = [answer]
      await expect(api.codeToSession('0a')).rejects.toMatchObject({
        name: 'WechatNetworkError',
        kind: 'bad_body',
      })
    },
  )

  it('says nothing of code and secret when it fails', async () => {
    answers = [{ errcode: 40029, errmsg: 'invalid code, rid: 65a3c1d2-1f2e3d4c-5b6a7988' }]
    const error = await api.codeToSession('0code').catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ errcode: 40029, rid: '65a3c1d2-1f2e3d4c-5b6a7988' })
    expect(JSON.stringify(error) + String(Reflect.get(error, 'stack'))).not.toMatch(/0code|secret-of/)
  })
})

describe('session check', () => {
  const sessionKey = 'HyVFkGl5F5OQWJZZaNzBBg=='
  const signature = execFileSync('openssl', ['dgst', '-sha256', '-r', '-hmac', sessionKey], { input: '' })
    .toString()
    .slice(0, 64)

  it('signs nothing with the text of the session_key', async () => {
    answers = [{ errcode: 0, errmsg: 'ok' }]
    expect(await api.checkSession('o1', sessionKey)).toBe(true)
    expect(lastRequest()).toMatchObject({
      method: 'GET',
      path: '/wxa/checksession',
      query: { access_token: 'TOKEN-1', openid: 'o1', signature, sig_method: 'hmac_sha256' },
    })
  })

  it.each([87007, 87009])('is negative for errcode %i', async (errcode) => {
    answers = [{ errcode, errmsg: 'no' }]
    expect(await api.checkSession('o1', sessionKey)).toBe(false)
  })

  it('fails for any other errcode', async () => {
    answers = [{ errcode: 87008, errmsg: 'no' }]
    await expect(api.checkSession('o1', sessionKey)).rejects.toMatchObject({ errcode: 87008 })
  })

  it('replaces a refused access_token once', async () => {
    answers = [{ errcode: 40001, errmsg: 'not latest' }, { errcode: 0 }]
    expect(await api.checkSession('o1', sessionKey)).toBe(true)
    expect(server.requests.map(({ query }) => query.get('access_token'))).toEqual(['TOKEN-1', 'TOKEN-2'])
  })

  it('comes with a reset that gives the new key', async () => {
    answers = [{ errcode: 0, openid: 'o1', session_key: 'bmV3' }]
    expect(await api.resetSession('o1', sessionKey)).toBe('bmV3')
    expect(lastRequest()).toMatchObject({
      method: 'GET',
      path: '/wxa/resetusersessionkey',
      query: { openid: 'o1', signature, sig_method: 'hmac_sha256' },
    })
  })
})

describe('phone number', () => {
  const number = { phoneNumber: '+358401234567', purePhoneNumber: '401234567' }

  it.each([
    ['text', '358'],
    ['a number', 358],
  ])('comes with its country code, given as %s', async (_, countryCode) => {
    answers = [{ errcode: 0, phone_info: { ...number, countryCode, watermark: {} } }]
    expect(await api.phoneNumber('code', 'o1')).toEqual({ ...number, countryCode: '358' })
  })

  it('is asked for by POST, with the openid only if there is one', async () => {
    answers = [{ errcode: 0, phone_info: number }]
    await api.phoneNumber('code', 'o1')
    expect(lastRequest()).toMatchObject({ method: 'POST', path: '/wxa/business/getuserphonenumber' })
    await api.phoneNumber('code', undefined)
    expect(server.requests.map(({ text }) => text)).toEqual([
      '{"code":"code","openid":"o1"}',
      '{"code":"code"}',
    ])
  })

  it('that is missing is no usable answer', async () => {
    answers = [{ errcode: 0 }]
    await expect(api.phoneNumber('code', 'o1')).rejects.toMatchObject({ kind: 'bad_body' })
  })
})

describe('paid unionid', () => {
  it('is asked for by the number of WeChat or of the merchant', async () => {
    answers = [{ errcode: 0, unionid: 'u1' }]
    expect(await api.paidUnionid('o1', { transactionId: 't1' })).toBe('u1')
    expect(lastRequest().query).toEqual({ access_token: 'TOKEN-1', openid: 'o1', transaction_id: 't1' })
    expect(await api.paidUnionid('o1', { mchId: 'm1', outTradeNo: 'n1' })).toBe('u1')
    expect(lastRequest()).toMatchObject({
      method: 'GET',
      path: '/wxa/getpaidunionid',
      query: { openid: 'o1', mch_id: 'm1', out_trade_no: 'n1' },
    })
  })
})

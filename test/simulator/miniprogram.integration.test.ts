import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { startSimulator } from '../helpers/simulatorClient.ts'

const minute = 60_000

async function startMiniprogram() {
  const { simulator, wechat } = await startSimulator({ followers: 2, now: () => 1_800_000_000_000 })
  const { appid, secret } = simulator.miniprogram
  const login = (js_code: string, more: Record<string, string> = {}) =>
    wechat.get('/sns/jscode2session', { appid, secret, js_code, grant_type: 'authorization_code', ...more })
  const token = await wechat.getToken(simulator.miniprogram)
  return { simulator, wechat, login, token, appid, secret }
}

test('a login code gives openid, unionid and a 16-byte session key, once', async () => {
  const { simulator, login } = await startMiniprogram()
  const user = simulator.userAt(0)
  const code = simulator.mintCode(0)
  const { json, headers } = await login(code)
  expect(json).toEqual({
    session_key: expect.any(String),
    openid: user.miniprogramOpenid,
    unionid: user.unionid,
  })
  expect(Buffer.from(String(json.session_key), 'base64')).toHaveLength(16)
  expect(headers.get('content-type')).toBe('text/plain')
  expect((await login(code)).json).toEqual({
    errcode: 40163,
    errmsg: expect.stringMatching(/^code been used, rid: /),
  })
})

test('the unionid can be missing, and is there although user/info hides it', async () => {
  const { simulator, login } = await startMiniprogram()
  const { openid, unionid } = simulator.userAt(1)
  expect((await login(simulator.mintCode(1, { unionid: false }))).json).not.toHaveProperty('unionid')
  simulator.setUnionid(openid, undefined)
  expect((await login(simulator.mintCode(1))).json.unionid).toBe(unionid)
})

test('login refuses in the order of its parameters, an old code, a phone code, a risky user and a POST', async () => {
  const { simulator, wechat, login, appid, secret } = await startMiniprogram()
  const code = simulator.mintCode(0)
  const errcode = async (call: ReturnType<typeof login>) => (await call).json.errcode
  expect(await errcode(login(code, { appid: '' }))).toBe(41002)
  expect(await errcode(login(code, { appid: simulator.appid }))).toBe(40013)
  expect(await errcode(login(code, { secret: '' }))).toBe(41004)
  expect(await errcode(login(code, { secret: simulator.secret }))).toBe(40125)
  expect(await errcode(login(''))).toBe(41008)
  expect(await errcode(login(code, { grant_type: 'client_credential' }))).toBe(40002)
  expect(await errcode(login('made-up'))).toBe(40029)
  expect(await errcode(login(simulator.mintCode(0, { kind: 'phone' })))).toBe(40029)
  expect(await errcode(login(simulator.mintCode(0, { highRisk: true })))).toBe(40226)
  const query = new URLSearchParams({ appid, secret, js_code: code, grant_type: 'authorization_code' })
  expect(await errcode(wechat.post(`/sns/jscode2session?${query}`, {}))).toBe(41002)
  simulator.advance(5 * minute + 1)
  expect(await errcode(login(code))).toBe(40029)
})

test('a user logs in at most 100 times a minute', async () => {
  const { simulator, login } = await startMiniprogram()
  for (let call = 0; call < 100; call++) await login(simulator.mintCode(0))
  expect((await login(simulator.mintCode(0))).json.errcode).toBe(45011)
  expect((await login(simulator.mintCode(1))).json.errcode).toBeUndefined()
  simulator.advance(minute)
  expect((await login(simulator.mintCode(0))).json.errcode).toBeUndefined()
})

test('a session is checked by signature, reset to a new key, and ends', async () => {
  const { simulator, wechat, login, token } = await startMiniprogram()
  const openid = simulator.userAt(0).miniprogramOpenid ?? ''
  const { session_key: key } = (await login(simulator.mintCode(0))).json
  const sign = (sessionKey: unknown) => createHmac('sha256', String(sessionKey)).digest('hex')
  const call = async (path: string, sessionKey: unknown, more: Record<string, string> = {}) => {
    const query = {
      access_token: token,
      openid,
      signature: sign(sessionKey),
      sig_method: 'hmac_sha256',
      ...more,
    }
    return (await wechat.get(path, query)).json
  }
  expect(await call('/wxa/checksession', key)).toEqual({ errcode: 0, errmsg: 'ok' })
  expect((await call('/wxa/checksession', 'other')).errcode).toBe(87009)
  expect((await call('/wxa/checksession', key, { sig_method: 'md5' })).errcode).toBe(87008)
  expect((await call('/wxa/checksession', key, { openid: 'nobody' })).errcode).toBe(40003)
  const stranger = { openid: simulator.userAt(1).miniprogramOpenid ?? '' }
  expect((await call('/wxa/checksession', key, stranger)).errcode).toBe(87007)

  const reset = await call('/wxa/resetusersessionkey', key)
  expect(reset).toEqual({
    errcode: 0,
    errmsg: 'ok',
    openid,
    session_key: expect.not.stringMatching(String(key)),
  })
  expect((await call('/wxa/checksession', key)).errcode).toBe(87009)
  expect((await call('/wxa/checksession', reset.session_key)).errcode).toBe(0)
})

test('a phone code gives the number once, a payment the unionid for five minutes', async () => {
  const { simulator, wechat, token, appid } = await startMiniprogram()
  const askPhone = async (code: string) =>
    (await wechat.post(`/wxa/business/getuserphonenumber?access_token=${token}`, { code })).json
  const code = simulator.mintCode(0, { kind: 'phone' })
  expect(await askPhone(code)).toEqual({
    errcode: 0,
    errmsg: 'ok',
    phone_info: {
      phoneNumber: expect.stringMatching(/^138\d{8}$/),
      purePhoneNumber: expect.stringMatching(/^138\d{8}$/),
      countryCode: '86',
      watermark: { timestamp: 1_800_000_000, appid },
    },
  })
  expect((await askPhone(code)).errcode).toBe(40029)
  expect((await askPhone(simulator.mintCode(0))).errcode).toBe(40029)

  const { miniprogramOpenid: openid = '', unionid } = simulator.userAt(0)
  const { transactionId, mchId, outTradeNo } = simulator.mintPayment(0)
  const askPaid = async (query: Record<string, string>) =>
    (await wechat.get('/wxa/getpaidunionid', { access_token: token, openid, ...query })).json
  expect(await askPaid({ transaction_id: transactionId })).toEqual({ unionid, errcode: 0, errmsg: 'ok' })
  expect((await askPaid({ mch_id: mchId, out_trade_no: outTradeNo })).unionid).toBe(unionid)
  expect((await askPaid({})).errcode).toBe(89300)
  expect((await askPaid({ transaction_id: transactionId, openid: 'nobody' })).errcode).toBe(40003)
  const other = simulator.userAt(1).miniprogramOpenid ?? ''
  expect((await askPaid({ transaction_id: transactionId, openid: other })).errcode).toBe(89300)
  simulator.advance(5 * minute + 1)
  expect((await askPaid({ transaction_id: transactionId })).errcode).toBe(89300)
})

test("the mini-program's endpoints want the mini-program's token", async () => {
  const { wechat, token } = await startMiniprogram()
  const account = await wechat.getToken()
  const paths = ['/wxa/checksession', '/wxa/resetusersessionkey', '/wxa/getpaidunionid']
  for (const path of paths) {
    expect((await wechat.get(path, { access_token: account })).json.errcode).toBe(48001)
    expect((await wechat.get(path, { access_token: token })).json.errcode).not.toBe(48001)
  }
  expect((await wechat.get('/cgi-bin/user/get', { access_token: token })).json.errcode).toBe(48001)
})

import fc from 'fast-check'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createWechatApi } from '../../src/wechat/api.ts'
import { createWechatClient } from '../../src/wechat/client.ts'
import { WechatApiError, WechatNetworkError } from '../../src/wechat/errors.ts'
import { createLoginApi } from '../../src/wechat/login.ts'
import { createTokenSource } from '../../src/wechat/token.ts'
import { bodyLimit, type Transport } from '../../src/wechat/transport/transport.ts'

const account = { appid: 'wx5ab1e0feedc0ffee', secret: '0123456789abcdef0123456789abcdef' }
const accessToken = '57_secretsecretsecret'
let body = Buffer.alloc(0)
let encoding: string | undefined

const transport: Transport = {
  send: async () => ({ status: 200, body, encoding, date: undefined }),
  close: async () => {},
}
const log = pino({ level: 'silent' })
const client = createWechatClient({ bases: ['http://wechat'], transport, hotTransport: transport, log })
const tokens = {
  get: async () => accessToken,
  renew: async () => accessToken,
  accepted: () => {},
  toFault: (error: WechatApiError) => error,
}
const api = createWechatApi({ client, tokens })
const login = createLoginApi({ client, tokens, account })
const follower = { subscribe: 1, openid: 'o1', unionid: 'u1', subscribe_time: 1, tagid_list: [1], remark: '' }
const template = { template_id: 't1', title: 't', content: '{{thing1.DATA}}', example: '' }
const message = { openid: 'o1', templateId: 't1', data: {}, clientMsgId: 'c1' }
/** Each call, and an answer it can use. */
const calls: [name: string, call: () => Promise<unknown>, answer: object][] = [
  [
    'getFollowerPage',
    () => api.getFollowerPage(undefined),
    { total: 2, count: 1, data: { openid: ['o1'] }, next_openid: 'o1' },
  ],
  ['getFollowers', () => api.getFollowers(['o1']), { user_info_list: [follower] }],
  ['getFollower', () => api.getFollower('o1'), follower],
  ['sendTemplate', () => api.sendTemplate(message), { errcode: 0, errmsg: 'ok', msgid: 1 }],
  ['listTemplates', () => api.listTemplates(), { template_list: [template] }],
  [
    'getQuota',
    () => api.getQuota('/cgi-bin/message/template/send'),
    {
      errcode: 0,
      quota: { daily_limit: 1, used: 0, remain: 1 },
      rate_limit: { call_count: 1, refresh_second: 1 },
    },
  ],
  ['codeToSession', () => login.codeToSession('c'), { openid: 'o1', session_key: 'k', unionid: 'u1' }],
  ['checkSession', () => login.checkSession('o1', 'k'), { errcode: 0, errmsg: 'ok' }],
  ['resetSession', () => login.resetSession('o1', 'k'), { errcode: 0, openid: 'o1', session_key: 'k' }],
  [
    'phoneNumber',
    () => login.phoneNumber('c', 'o1'),
    { errcode: 0, phone_info: { phoneNumber: '1', purePhoneNumber: '1', countryCode: '86' } },
  ],
  ['paidUnionid', () => login.paidUnionid('o1', { transactionId: 't' }), { errcode: 0, unionid: 'u1' }],
  ['a token', getToken, { access_token: 't1', expires_in: 7_200 }],
]

function getToken(): Promise<string> {
  const store = { load: async () => undefined, save: async () => {} }
  return createTokenSource({ ...account, client, store, log }).get()
}

/** Resolves with what a call makes of an answer: a result, or one of the two errors with harmless words. */
async function settle(call: () => Promise<unknown>, answer: string | Buffer): Promise<unknown> {
  body = Buffer.from(answer)
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof WechatApiError || error instanceof WechatNetworkError)) throw error
    expect(error.message.length).toBeLessThan(700)
    expect(error.message).not.toContain(accessToken)
    expect(error.message).not.toContain(account.secret)
    if (error instanceof WechatApiError) expect(Number.isSafeInteger(error.errcode)).toBe(true)
    return undefined
  }
}

const names = fc.constantFrom(
  ...['errcode', 'errmsg', 'msgid', 'total', 'data', 'openid', 'next_openid', 'user_info_list', 'subscribe'],
  ...['subscribe_time', 'tagid_list', 'unionid', 'template_list', 'content', 'quota', 'daily_limit', 'used'],
  ...['remain', 'access_token', 'expires_in', 'session_key', 'phone_info', 'phoneNumber', 'purePhoneNumber'],
  ...['countryCode', 'rate_limit', 'call_count', '__proto__', 'toString', 'valueOf'],
)
const number = fc.constantFrom('0', '1', '-1', '40001', '1e999', '-0', '0.5', '4012345678901234567', '1E400')
const scalar = fc.oneof(
  number,
  number.map((digits) => `"${digits}"`),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('null', 'true', 'false', '"ok"', '"{{thing1.DATA}}"'),
)
/** JSON text, because numbers that no JavaScript value has are part of it. */
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
    fc.array(fc.tuple(names, tie('tree')), { maxLength: 6 }).map(toObject),
  ),
}))
const answers = fc.array(fc.tuple(names, tree), { maxLength: 8 }).map(toObject)

function toObject(entries: [string, string][]): string {
  return `{${entries.map(([name, value]) => `"${name}":${value}`).join()}}`
}

/** The answer with `text` in one of its places. */
function spoil(answer: object, n: number, text: string): string {
  const places = JSON.stringify(answer).split(':').length - 1
  let place = -1
  const marked = JSON.stringify(answer, (_, value: unknown) => (place++ === n % places ? '@' : value))
  return marked.replace('"@"', () => text)
}

test.each(calls)('%s is a result or one of the two errors, whatever JSON comes', async (_, call, answer) => {
  await fc.assert(
    fc.asyncProperty(answers, tree, fc.nat(), async (text, value, n) => {
      await settle(call, text)
      await settle(call, text.slice(0, n % (text.length + 1)))
      await settle(call, spoil(answer, n, value))
    }),
    { numRuns: 500 },
  )
})

test('any bytes, compressed or not, are one of the two errors at most', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom(undefined, 'gzip', 'br', 'deflate', 'identity', 'x'),
      async (bytes, named) => {
        encoding = named
        await settle(() => api.sendTemplate(message), Buffer.from(bytes))
      },
    ),
    { numRuns: 1_000 },
  )
  encoding = undefined
})

test('the msgid is what WeChat wrote, digit for digit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: 10n ** 18n, max: 10n ** 19n - 1n }), async (msgid) => {
      const sent = await settle(
        () => api.sendTemplate(message),
        `{"errcode":0,"errmsg":"ok","msgid":${msgid}}`,
      )
      expect(sent).toEqual({ msgid: String(msgid) })
    }),
  )
})

test.each([
  ['brackets', '['.repeat(bodyLimit)],
  ['objects', '{"a":'.repeat(bodyLimit / 5)],
  ['control characters', `{"errmsg":"${'\u0001'.repeat(bodyLimit - 100)}"`],
  ['an errmsg', `{"errcode":40037,"errmsg":"${'rid: '.repeat(bodyLimit / 6)}"}`],
  ['digits', `{"errcode":0,"msgid":${'9'.repeat(bodyLimit - 100)}`],
  ['a msgid that never ends', `{"errcode":0,"x":"${'"msgid":'.repeat(bodyLimit / 10)}`],
  ['a template', `{"template_list":[{"content":"${'{{a.DATA}}'.repeat(bodyLimit / 12)}"}]}`],
  ['half a template', `{"template_list":[{"content":"${'{{'.repeat(bodyLimit / 4)}"}]}`],
])('as much as can come of %s is read in a time that grows no faster than it', async (_, text) => {
  // Were it quadratic, it would take hours.
  await settle(() => api.sendTemplate(message), text)
  await settle(() => api.listTemplates(), text)
})

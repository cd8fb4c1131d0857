import { describe, expect, test } from 'vitest'
import { render } from '../../src/base/sentences/render.ts'
import { say, toEnglish } from '../../src/base/sentences/sentence.ts'
import {
  classOf,
  errcode,
  explainInFull,
  explain as explainRefusal,
  reasonOf,
} from '../../src/wechat/errcode.ts'
import {
  miniProgramErrcodes,
  sendErrcodes,
  tokenEndpointErrcodes,
} from '../../src/wechat/errcodes/exceptions.ts'
import { errcodes } from '../../src/wechat/errcodes/table.ts'
import { WechatApiError, WechatNetworkError } from '../../src/wechat/errors.ts'

const explain = (...refusal: Parameters<typeof explainRefusal>) => toEnglish(explainRefusal(...refusal))

const send = '/cgi-bin/message/template/send'
const token = '/cgi-bin/stable_token'

/** Codes of WeChat's documentation by what they ask of a caller. */
const documented = {
  T: [40001, 40014, 42001],
  B: [-1, 20001, 43108, 45011, 45033, 45061, 45066, 61450, 200001, 268487001, 268487002, 1119003, 9001002],
  Q: [45009, 45028, 45040],
  R: [40003, 43004, 43005, 43006, 43007, 43019, 43101, 45015, 45047, 46004, 48002, 49003, 50005],
  C: [
    404, 20002, 40008, 40031, 40032, 40033, 40034, 40035, 40036, 40037, 40039, 40062, 40066, 40092, 40097,
    40101, 40165, 40166, 40246, 40247, 40249, 40250, 40252, 41001, 41009, 41030, 43001, 43002, 43003, 43102,
    43116, 44002, 44003, 45003, 45005, 45012, 45013, 45014, 45051, 45067, 45168, 46001, 47001, 47002, 47003,
    48011, 61451, 87014,
  ],
  A: [
    40002, 40013, 40090, 40125, 40164, 40200, 40243, 40251, 41002, 41004, 43104, 43107, 45035, 45102, 45103,
    45109, 45501, 46101, 48001, 48003, 48004, 48008, 48009, 50001, 50002, 50004, 50007, 61003, 61004, 61007,
    61016, 89002, 89501, 89503, 89506, 89507, 200011, 200100,
  ],
  L: [40029, 40030, 40163, 40226, 41003, 41008, 42002, 42003, 42007, 87007, 87008, 87009, 89300, 9300501],
  O: [
    40201, 40202, 40203, 43100, 43106, 45026, 45027, 45065, 48006, 63178, 63182, 63183, 76001, 76002, 76003,
    76004, 76021, 76022, 200002, 200012, 200013, 200014, 200016, 200017, 200018, 200019, 200020, 200021,
  ],
}

const rows = Object.entries(documented).flatMap(([group, codes]) =>
  codes.map((code) => [code, group] as const),
)

describe('the errcode table', () => {
  test.each(rows)('puts %i in class %s', (code, group) => {
    expect(classOf(code, '/cgi-bin/user/info')).toBe(group)
  })

  test('has no code but the documented ones and the two users report', () => {
    const known = new Set<number>([...rows.map(([code]) => code), 40241, 43117])
    expect([...errcodes.keys()].filter((code) => !known.has(code))).toEqual([])
  })

  test('takes a refused credential for the secret on the token endpoints only', () => {
    expect([classOf(40001, token), classOf(40001, '/cgi-bin/token')]).toEqual(['A', 'A'])
    expect(reasonOf({ errcode: 40001, path: token })).toBe('credentials_invalid')
    expect([classOf(40001, send), reasonOf({ errcode: 40001, path: send })]).toEqual(['T', 'token_invalid'])
    expect(classOf(45009, token)).toBe('Q')
  })

  test('takes 43100 of a message for a template that is gone, of 1119004 nobody knows what it means', () => {
    expect([classOf(43100, send), reasonOf({ errcode: 43100, path: send })]).toEqual([
      'C',
      'template_invalid',
    ])
    expect(classOf(43100, '/cgi-bin/template/api_set_industry')).toBe('O')
    expect(reasonOf({ errcode: 1119004, path: send })).toBe('wechat_error')
  })

  test('takes unknown codes for a message that cannot be sent, negative ones for a busy platform', () => {
    expect([classOf(99_999, send), classOf(-99, send)]).toEqual(['C', 'B'])
    expect(reasonOf({ errcode: 99_999, path: send })).toBe('wechat_error')
  })

  test('gives every code a cause and every sentence its full text', () => {
    for (const [code, { reason, meaning }] of [...errcodes].filter(([code]) => !sendErrcodes.has(code))) {
      expect(reason, String(code)).toMatch(/^[a-z]+(_[a-z]+)*$/)
      expect(explain({ errcode: code, errmsg: '', path: send })).toBe(toEnglish({ key: meaning, facts: {} }))
    }
  })

  test.each([
    ['template_invalid', [40036, 40037, 48011]],
    ['data_invalid', [47003, 40250, 45012]],
    ['recipient_invalid', [40003, 43004, 50005, 46004, 49003]],
    ['recipient_blocked', [43019, 48002, 43006]],
    ['url_invalid', [40039, 40066, 45005]],
    ['miniprogram_invalid', [40165, 40166]],
    ['content_forbidden', [40249, 43116]],
    ['in_review', [40252]],
    ['already_sent', [45065]],
    ['quota_exhausted', [45009]],
    ['account_restricted', [40251, 45102, 45501, 48004]],
    ['ip_not_allowed', [40164, 89503]],
  ])('gives the cause %s', (reason, codes) => {
    for (const code of codes) expect(reasonOf({ errcode: code, path: send })).toBe(reason)
  })
})

describe('the explanation', () => {
  const rid = ' rid: 61725984-6126f6f9-040f19c4'
  const whitelist =
    '微信开发者平台 > 我的业务 > 服务号 > 基础信息 > 开发信息 > IP白名单 (formerly 设置与开发 > 基本配置 > IP白名单)'

  test.each([
    [
      errcode.ipNotInWhitelist,
      `invalid ip 118.190.42.90 ipv6 ::ffff:118.190.42.90, not in whitelist${rid}`,
      `IP 118.190.42.90 is not in the whitelist: add it under ${whitelist}`,
    ],
    [
      61004,
      `access clientip is not registered, requestIP: 118.190.42.90${rid}`,
      `IP 118.190.42.90 is not in the whitelist: add it under ${whitelist}`,
    ],
    [
      40164,
      `invalid ip 2001:db8::7, not in whitelist${rid}`,
      `IP 2001:db8::7 is not in the whitelist: add it under ${whitelist}`,
    ],
    [
      errcode.ipNotInWhitelist,
      'not in whitelist',
      `the IP of this machine is not in the whitelist: add it under ${whitelist}`,
    ],
    [
      errcode.invalidData,
      `argument invalid! data.thing5.value invalid${rid}`,
      'data.thing5 is not valid for its keyword type',
    ],
    [errcode.invalidData, `argument invalid! data.time2.value is empty${rid}`, 'data.time2 is empty'],
    [errcode.invalidData, `argument invalid! data.time2.value is emtpy${rid}`, 'data.time2 is empty'],
    [errcode.invalidData, 'argument invalid!', 'a value is empty or breaks the rule of its keyword type'],
    [errcode.notFollowing, `require subscribe${rid}`, 'the user does not follow this service account'],
    [99_999, 'strange things', 'WeChat refused with errcode 99999: strange things'],
  ])('of %i "%s"', (code, errmsg, expected) => {
    expect(explain({ errcode: code, errmsg, path: send })).toBe(expected)
  })

  test.each([
    [43100, /template can no longer be sent/],
    [40249, /illegal/],
    [45009, /00:00 in Shanghai.+接口权限与额度/],
  ])('of %i on template/send matches %s', (code, sentence) => {
    expect(explain({ errcode: code, errmsg: '', path: send })).toMatch(sentence)
  })

  test.each([
    [48001, /^the mini-program may not call this API/],
    [45009, /^the daily call quota of the mini-program/],
    [
      40125,
      /compare AppID and AppSecret of the mini-program \(.*ACCOUNTS_FILE\) with 微信开发者平台 > 我的业务 > 小程序/,
    ],
    [40013, /WECHAT_MINIPROGRAM_APPID/],
    [40164, /^IP 1\.2\.3\.4 is not in the whitelist: add it to the IP白名单 of the mini-program/],
    [40029, /^the login code is wrong/],
  ])('of %i to the mini-program matches %s', (code, sentence) => {
    const errmsg = 'invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist'
    expect(explain({ errcode: code, errmsg, path: '/sns/jscode2session' }, 'miniprogram')).toMatch(sentence)
  })

  test('names the new console first and the old place behind it', () => {
    const tables = [errcodes, sendErrcodes, tokenEndpointErrcodes, miniProgramErrcodes]
    const hints = tables.flatMap((table) =>
      [...table.values()].map(({ meaning }) => toEnglish({ key: meaning, facts: {} })),
    )
    const places = hints.filter((hint) =>
      /设置与开发|开发管理|mp\.weixin\.qq\.com|open\.weixin\.qq\.com/.test(hint),
    )
    expect(places.length).toBeGreaterThan(15)
    for (const hint of places)
      expect(hint).toMatch(/微信开发者平台.+(设置与开发|开发管理|mp\.weixin\.qq\.com|open\.weixin\.qq\.com)/)
  })

  test.each([
    [40164, `not in whitelist${rid}`, / \(errcode 40164, rid 61725984-6126f6f9-040f19c4\)$/],
    [-1, 'system error', /^WeChat is busy \(errcode -1\)$/],
    [99_999, `strange${rid}`, /^WeChat refused with errcode 99999: strange rid: 61725984-6126f6f9-040f19c4$/],
    [
      99_999,
      `${'x'.repeat(600)}${rid}`,
      /^WeChat refused with errcode 99999: x{500} \(rid 61725984-6126f6f9-040f19c4\)$/,
    ],
  ])('in full of %i has each number once', (code, errmsg, sentence) => {
    expect(toEnglish(explainInFull(new WechatApiError({ errcode: code, errmsg, path: send })))).toMatch(
      sentence,
    )
  })

  test('tells a wrong secret from a refused token', () => {
    expect(explain({ errcode: 40001, errmsg: '', path: token })).toContain('AppSecret')
    expect(explain({ errcode: 40001, errmsg: '', path: send })).not.toContain('AppSecret')
    expect(explain({ errcode: 40001, errmsg: '', path: token, tokenFruitless: true })).toContain(
      'another program',
    )
  })
})

describe('the error', () => {
  test.each([
    'invalid credential, more details at https://mmbizurl.cn/s/x rid: 6aac0077-33f385b5-58f65b9f',
    'invalid appid, rid: 6aac0077-33f385b5-58f65b9f',
    'invalid appid rid:6aac0077-33f385b5-58f65b9f',
  ])('finds the rid in "%s"', (errmsg) => {
    const error = new WechatApiError({ errcode: 40013, errmsg, path: send })
    expect(error).toMatchObject({ rid: '6aac0077-33f385b5-58f65b9f', errmsg, class: 'A', path: send })
  })

  test('has no rid where WeChat gave none, and keeps no endless text', () => {
    const error = new WechatApiError({ errcode: -1, errmsg: 'x'.repeat(1_000_000), path: send })
    expect(error.rid).toBeUndefined()
    expect(error.errmsg.length + error.message.length).toBeLessThan(2_000)
  })

  test('names the rid however long the text in front of it is', () => {
    const errmsg = `${'x'.repeat(600)} rid: 6aac0077-33f385b5-58f65b9f`
    expect(new WechatApiError({ errcode: -1, errmsg, path: send }).message).toMatch(
      /errcode -1, x{500} rid: 6aac0077-33f385b5-58f65b9f$/,
    )
  })

  test('of tokens that are refused again and again is a fault of the account', () => {
    expect(new WechatApiError({ errcode: 40001, errmsg: '', path: send, tokenFruitless: true }).class).toBe(
      'A',
    )
  })
})

test('a call without an answer is told in the language of the reader', () => {
  const detail = say('network.timeout', { ms: '15000' })
  const error = new WechatNetworkError({ kind: 'timeout', path: token, detail, maybeReceived: true })
  expect(error.message).toBe('/cgi-bin/stable_token: no complete answer within 15000 ms')
  expect(render(error.sentence, 'zh').seen).toMatch(/^\/cgi-bin\/stable_token：.*15000 毫秒/)
})

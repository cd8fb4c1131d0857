import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseXml, toEvent, toReceiptOutcome } from '../../src/callback/event.ts'
import { eventXml } from '../helpers/seal.ts'

const openid = 'oMgHVjngRipVsoxg6TuX3vz6glDg'
const createTime = 1_764_000_000
const at = createTime * 1000
const toEventOf = (xml: string) => toEvent(parseXml(xml) ?? new Map())
const eventOf = (name: string, fields = {}) =>
  toEventOf(eventXml(name, { CreateTime: createTime, ...fields }))

describe('XML', () => {
  test('values are CDATA or plain, with white space around them or not', () => {
    const fields = parseXml(
      '<?xml version="1.0" encoding="UTF-8"?>\n<xml>\n  <A><![CDATA[ a ]]></A>\n <B> 2 </B><C>c<![CDATA[d]]></C><D/><E></E>\n</xml>\n',
    )
    expect([...(fields ?? [])]).toEqual([
      ['A', 'a'],
      ['B', '2'],
      ['C', 'cd'],
      ['D', ''],
      ['E', ''],
    ])
  })

  test('numbers stay text, digit for digit', () => {
    expect(parseXml('<xml><MsgID>1226691075109289985</MsgID><N>007</N></xml>')?.get('MsgID')).toBe(
      '1226691075109289985',
    )
  })

  test('CDATA may hold anything a user can type, even what would be refused outside', () => {
    const words = '<!DOCTYPE x [<!ENTITY y "z">]> &y; &#65; a="b" <?php ?> <![CDATA[ <b>'
    expect(parseXml(`<xml><Content><![CDATA[${words}]]></Content></xml>`)?.get('Content')).toBe(words)
    expect(parseXml('<xml><A><![CDATA[a]]]]><![CDATA[>b]]></A></xml>')?.get('A')).toBe('a]]>b')
  })

  test('of a repeated tag the first counts, nested elements are left out', () => {
    const fields = parseXml('<xml><A>1</A><List><A>2</A></List><A>3</A><__x>4</__x></xml>')
    expect([...(fields ?? [])]).toEqual([
      ['A', '1'],
      ['__x', '4'],
    ])
  })

  const deep = `<xml>${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}</xml>`
  const laughs = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from(
    { length: 9 },
    (_, n) => `<!ENTITY lol${n + 1} "${`&lol${n || ''};`.repeat(10)}">`,
  ).join('')}]><xml><A>&lol9;</A></xml>`
  test.each([
    ['external entity', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><A>&e;</A></xml>'],
    [
      'external DTD',
      '<?xml version="1.0"?><!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd"><xml><A>1</A></xml>',
    ],
    ['billion laughs', laughs],
    ['small letters', '<!doctype xml><xml><A>1</A></xml>'],
    ['entity inside the root', '<xml><!ENTITY e "x"><A>1</A></xml>'],
    [
      'doctype after a false CDATA in an attribute',
      '<xml><A a="<![CDATA["/><!DOCTYPE x [<!ENTITY y "z">]>]]></xml>',
    ],
    ['doctype after a false CDATA in a comment', '<!-- <![CDATA[ --><!DOCTYPE x><xml><A>]]>1</A></xml>'],
    ['doctype after a false CDATA in an instruction', '<?a <![CDATA[ ?><!DOCTYPE x><xml><A>]]>1</A></xml>'],
    ['many numeric entities', `<xml><A>${'&#65;'.repeat(12_000)}</A></xml>`],
    ['known entity', '<xml><A>&amp;</A></xml>'],
    ['deep nesting', deep],
    ['deeper nesting than messages have', `<xml>${'<a>'.repeat(20)}${'</a>'.repeat(20)}</xml>`],
    ['prototype tag', '<xml><__proto__><A>1</A></__proto__></xml>'],
    ['prototype root', '<__proto__><A>1</A></__proto__>'],
    ['unclosed CDATA', '<xml><A><![CDATA[x</A></xml>'],
    ['unclosed tag', '<xml><A>1</xml>'],
    ['two roots', '<xml><A>1</A></xml><xml><B>1</B></xml>'],
    ['another root', '<message><A>1</A></message>'],
    ['text in the root', '<xml>text</xml>'],
    ['no elements', '<xml></xml>'],
    ['JSON', '{"ToUserName":"gh_1"}'],
    ['nothing', ''],
    ['NUL bytes', '\0\0\0'],
  ])('%s is refused', (_name, xml) => {
    expect(parseXml(xml)).toBeUndefined()
    expect(Object.prototype).not.toHaveProperty('A')
  })

  test.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'a tag named %s changes nothing',
    (tag) => {
      const fields = parseXml(`<xml><${tag}>1</${tag}><A>2</A></xml>`)
      expect(fields?.get('A') ?? '2').toBe('2')
      expect({}.toString()).toBe('[object Object]')
    },
  )

  test('64 KB of the worst kinds take milliseconds', () => {
    const kinds = [
      '<![CDATA[',
      '<',
      '<a',
      '<a>',
      '<a ',
      '<?xml ',
      '<![CDATA[]]',
      ']]>',
      '&',
      '\n',
      '<a/>',
      '=<',
    ]
    for (const kind of kinds) {
      const text = `<xml>${kind.repeat(65_536 / kind.length)}`
      const before = process.cpuUsage()
      parseXml(text)
      parseXml(text.slice(5))
      expect(process.cpuUsage(before).user / 1_000, kind).toBeLessThan(200)
    }
  })

  test('never throws, whatever text or markup it is given', () => {
    const bits = fc.constantFrom(
      '<xml>',
      '</xml>',
      '<A>',
      '</A>',
      '<![CDATA[',
      ']]>',
      '<!DOCTYPE',
      '<!--',
      '-->',
      '<?',
      '?>',
      '&',
      ';',
      '"',
      '=',
      '/',
      '<',
      '>',
      ' ',
      'x',
    )
    const markup = fc.array(bits, { maxLength: 40 }).map((list) => list.join(''))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), markup), (text) => {
        parseXml(text)
        parseXml(`<xml><A>${text}</A></xml>`)
      }),
      { numRuns: 3_000 },
    )
  })

  test('any text comes out of CDATA as it went in', () => {
    fc.assert(
      fc.property(
        fc.string().map((s) => s.trim()),
        (text) => {
          const cdata = text.replaceAll(']]>', ']]]]><![CDATA[>')
          expect(parseXml(`<xml><A><![CDATA[${cdata}]]></A></xml>`)?.get('A')).toBe(text)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('events', () => {
  test('follow and unfollow, with or without EventKey, in any capitals', () => {
    expect(eventOf('subscribe', { EventKey: 'qrscene_5', Ticket: 't' })).toEqual({
      kind: 'subscribe',
      openid,
      at,
    })
    expect(eventOf('UnSubscribe', { EventKey: '' })).toEqual({ kind: 'unsubscribe', openid, at })
  })

  test('a receipt keeps the msgid digit for digit and the status as it is', () => {
    const fields = { MsgID: '1226691075109289985', Status: 'failed: System  failed' }
    expect(eventOf('TEMPLATESENDJOBFINISH', fields)).toEqual({
      kind: 'receipt',
      openid,
      at,
      msgid: '1226691075109289985',
      status: 'failed: System  failed',
    })
  })

  test.each([
    ['success', 'success'],
    ['SUCCESS', 'success'],
    ['failed:user block', 'user_block'],
    ['failed: user block', 'user_block'],
    ['Failed:UserBlock', 'user_block'],
    ['failed: system failed', 'system_failed'],
    ['failed:system failed', 'system_failed'],
    ['failed: freq limit', 'freq_limit'],
    ['failed: something new', 'other'],
    ['', 'other'],
  ])('the status %j means %s', (status, outcome) => {
    expect(toReceiptOutcome(status)).toBe(outcome)
  })

  test('a receipt without msgid, or with an empty one, is one for msgid 0', () => {
    expect(eventOf('TEMPLATESENDJOBFINISH', { Status: 'success' })).toHaveProperty('msgid', '0')
    expect(eventOf('TEMPLATESENDJOBFINISH', { MsgID: '', Status: 'success' })).toHaveProperty('msgid', '0')
  })

  test.each(['user_info_modified', 'user_authorization_revoke', 'user_authorization_cancellation'])(
    '%s is about the user in OpenID, its sender is the platform',
    (name) => {
      expect(eventOf(name, { OpenID: 'oUser', AppID: 'wxapp', RevokeInfo: '1' })).toEqual({
        kind: name,
        openid: 'oUser',
        at,
        app: 'wxapp',
      })
      expect(eventOf(name, { openid: 'oUser', appid: 'wxapp' })).toHaveProperty('openid', 'oUser')
      expect(eventOf(name, {})).toBeUndefined()
    },
  )

  test('what changes nothing here is ignored', () => {
    expect([eventOf('CLICK'), eventOf('SCAN'), eventOf('view'), eventOf('toString')]).toEqual(
      Array(4).fill('ignored'),
    )
    expect(toEventOf(eventXml('', { MsgType: 'text', Content: 'subscribe' }))).toBe('ignored')
    expect(toEventOf(eventXml('subscribe', { MsgType: 'text' }))).toBe('ignored')
  })

  test.each([
    ['no type', { MsgType: '' }],
    ['no sender', { FromUserName: '' }],
    ['endless sender', { FromUserName: 'o'.repeat(129) }],
    ['no time', { CreateTime: '' }],
    ['a time in words', { CreateTime: 'now' }],
    ['a negative time', { CreateTime: -5 }],
    ['a time with a fraction', { CreateTime: '1.5' }],
    ['a huge time', { CreateTime: '123456789012345678901' }],
  ])('%s makes no event', (_name, fields) => {
    expect(eventOf('subscribe', fields)).toBeUndefined()
  })

  test.each([
    ['msgid in words', { MsgID: 'abc' }],
    ['negative msgid', { MsgID: '-1' }],
    ['endless msgid', { MsgID: '1'.repeat(33) }],
    ['endless status', { MsgID: '1', Status: 'x'.repeat(201) }],
  ])('%s makes no receipt', (_name, fields) => {
    expect(eventOf('TEMPLATESENDJOBFINISH', fields)).toBeUndefined()
  })
})

import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { hour, second } from '../../src/base/duration.ts'
import type { CallbackEvent } from '../../src/callback/event.ts'
import { createReceiver } from '../../src/callback/receive.ts'
import { createRefusals } from '../../src/callback/refusals.ts'
import type { CallbackRequest } from '../../src/callback/request.ts'
import { callbackAccount, eventXml, plainQuery, previousAesKey, sealOne } from '../helpers/seal.ts'

const { appid, token, encodingAesKey } = callbackAccount
const openid = 'oMgHVjngRipVsoxg6TuX3vz6glDg'

function setUp({
  keys = [] as string[],
  store = async (_appid: string, _event: CallbackEvent) => {},
  now = Date.now,
} = {}) {
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) })
  const refusals = createRefusals(log, now)
  const stored: [string, CallbackEvent][] = []
  const results: [string, string][] = []
  const receive = createReceiver({
    accounts: [
      { appid, token, encodingAesKeys: keys },
      { appid: 'wxother', token: 'other', encodingAesKeys: [] },
    ],
    store: async (account, event) => {
      await store(account, event)
      stored.push([account, event])
      return 'stored'
    },
    onMessage: (event, result) => results.push([event, result]),
    refusals,
    log,
    now,
  })
  return { receive, stored, results, refusals, lines }
}

const post = (body: string, more: Partial<CallbackRequest> = {}): CallbackRequest => ({
  method: 'POST',
  contentType: 'text/xml',
  query: plainQuery(),
  body,
  ...more,
})
const sealedPost = (push: Parameters<typeof sealOne>[0], more: Partial<CallbackRequest> = {}) => {
  const { body, query } = sealOne(push)
  return post(body, { query, ...more })
}

describe('URL check', () => {
  test('answers the echostr and nothing else, whether or not a key is configured', async () => {
    for (const keys of [[], [encodingAesKey]]) {
      const { receive } = setUp({ keys })
      const answer = await receive({
        method: 'GET',
        query: { ...plainQuery(), echostr: '4375120948345356249' },
      })
      expect(answer).toEqual({ status: 200, body: '4375120948345356249' })
    }
  })

  test('with a bad signature the echostr is not echoed', async () => {
    const { receive } = setUp()
    const query = { ...plainQuery({ token: 'wrong' }), echostr: '<script>' }
    expect(await receive({ method: 'GET', query })).toEqual({ status: 403, body: 'refused' })
  })

  test('the account in the path has its own token', async () => {
    const { receive } = setUp()
    const query = { ...plainQuery({ token: 'other' }), echostr: 'e' }
    expect((await receive({ method: 'GET', query, appid: 'wxother' })).status).toBe(200)
    expect((await receive({ method: 'GET', query })).status).toBe(403)
    expect((await receive({ method: 'GET', query, appid: 'wxunknown' })).status).toBe(404)
  })
})

describe('messages', () => {
  test('plain: the event is stored, then answered with success', async () => {
    const { receive, stored } = setUp()
    expect(await receive(post(eventXml('subscribe')))).toEqual({ status: 200, body: 'success' })
    expect(stored).toEqual([[appid, { kind: 'subscribe', openid, at: expect.any(Number) }]])
  })

  test('encrypted and compatible mode: what counts is the cipher text', async () => {
    const { receive, stored } = setUp({ keys: [encodingAesKey] })
    const { encrypt, query, body } = sealOne({ message: eventXml('subscribe') })
    const compatible = eventXml('unsubscribe', { FromUserName: 'oForged' }).replace(
      '</xml>',
      `<Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
    )
    expect((await receive(post(body, { query }))).body).toBe('success')
    expect((await receive(post(compatible, { query }))).body).toBe('success')
    expect(stored.map(([, event]) => [event.kind, event.openid])).toEqual([
      ['subscribe', openid],
      ['subscribe', openid],
    ])
  })

  test('words of a user that look like cipher text stay words', async () => {
    const { receive, stored } = setUp({ keys: [encodingAesKey] })
    const { encrypt, query } = sealOne({ message: eventXml('subscribe') })
    const words = '<![CDATA[<Encrypt>AAAA</Encrypt>]]>'
    const body = `<xml><Content>${words}</Content>\n<Encrypt>\n<![CDATA[${encrypt}]]> </Encrypt></xml>`
    expect(await receive(post(body, { query }))).toEqual({ status: 200, body: 'success' })
    expect(stored).toHaveLength(1)
  })

  test('the previous key still opens messages', async () => {
    const { receive } = setUp({ keys: [encodingAesKey, previousAesKey] })
    const request = sealedPost({ message: eventXml('subscribe'), key: previousAesKey })
    expect((await receive(request)).status).toBe(200)
  })

  test('compatible mode without a key is read as plain', async () => {
    const { receive, stored } = setUp()
    const body = eventXml('subscribe', { Encrypt: 'AAAA' })
    expect((await receive(post(body, { query: { ...plainQuery(), encrypt_type: 'aes' } }))).body).toBe(
      'success',
    )
    expect(stored).toHaveLength(1)
  })

  test("a user's words are answered and not kept", async () => {
    const { receive, stored } = setUp()
    const words = eventXml('', { MsgType: 'text', Content: '<!DOCTYPE html> &amp; hello' })
    expect(await receive(post(words))).toEqual({ status: 200, body: 'success' })
    expect(stored).toEqual([])
  })

  test('each is counted by what it is about and what became of it', async () => {
    let failing = false
    const { receive, results } = setUp({
      store: async () => {
        if (failing) throw new Error('disk full')
      },
    })
    await receive(post(eventXml('subscribe')))
    await receive(post(eventXml('subscribe'), { query: plainQuery({ token: 'wrong' }) }))
    await receive(post('<xml><Event><![CDATA[subscribe]]></Event></xml>'))
    failing = true
    await receive(post(eventXml('subscribe')))
    expect(results).toEqual([
      ['subscribe', 'stored'],
      ['', 'refused'],
      ['', 'unusable'],
      ['subscribe', 'failed'],
    ])
  })

  test('what cannot be stored is left to be repeated, and an outage is logged once', async () => {
    let isDown = true
    const store = async () => {
      if (isDown) throw new Error('disk full')
    }
    const { receive, lines } = setUp({ store })
    for (const _ of [1, 2, 3]) {
      expect(await receive(post(eventXml('subscribe')))).toEqual({ status: 503, body: 'try again' })
    }
    isDown = false
    for (const _ of [1, 2]) expect((await receive(post(eventXml('subscribe')))).status).toBe(200)
    expect(lines.map(({ level }) => level)).toEqual([50, 30])
  })

  test('a storm that the database cannot follow is told to come again, at once', async () => {
    let release = () => {}
    const breaker = new Promise<void>((resolve) => {
      release = resolve
    })
    const { receive } = setUp({ store: () => breaker })
    const waiting = Array.from({ length: 5_000 }, () => receive(post(eventXml('subscribe'))))
    expect((await receive(post(eventXml('subscribe')))).status).toBe(503)
    release()
    expect(new Set((await Promise.all(waiting)).map((answer) => answer.status))).toEqual(new Set([200]))
    expect((await receive(post(eventXml('subscribe')))).status).toBe(200)
  })
})

describe('a signed message of no use is answered with success, counted and logged', () => {
  const privacy = { FromUserName: 'o_platform', RevokeInfo: '201' }
  const manyTags = `<xml>${'<a/>'.repeat(1_001)}</xml>`
  test.each([
    ['without OpenID', 'fields', eventXml('user_authorization_revoke', privacy), 'user_authorization_revoke'],
    ['without sender', 'fields', eventXml('subscribe', { FromUserName: '' }), 'subscribe'],
    ['without time', 'fields', eventXml('unsubscribe', { CreateTime: 'x' }), 'unsubscribe'],
    ['with a msgid in letters', 'fields', eventXml('TEMPLATESENDJOBFINISH', { MsgID: 'x' }), undefined],
    ['with other fields', 'fields', '<xml><A>1</A></xml>', undefined],
    [
      'with an entity',
      'unreadable',
      '<xml><Event>subscribe</Event><EventKey>a&amp;b</EventKey></xml>',
      undefined,
    ],
    ['with a DOCTYPE', 'unreadable', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><A>&a;</A></xml>', undefined],
    ['with a thousand elements', 'unreadable', manyTags, undefined],
    ['that is no XML', 'unreadable', 'garbage', undefined],
    ['that is empty', 'unreadable', '', undefined],
  ])('%s', async (_name, reason, message, event) => {
    for (const keys of [[], [encodingAesKey]]) {
      const { receive, stored, refusals, lines } = setUp({ keys })
      const request = keys.length === 0 ? post(message) : sealedPost({ message })
      expect(await receive(request)).toEqual({ status: 200, body: 'success' })
      expect([...refusals.counts]).toEqual([[reason, 1]])
      expect(lines).toMatchObject([{ level: 40, reason, appid, detail: expect.any(String) }])
      if (event !== undefined) expect(lines).toMatchObject([{ event }])
      expect(JSON.stringify(lines)).not.toContain(openid)
      expect(stored).toEqual([])
    }
  })
})

describe('a flood of what nobody signed', () => {
  test.each([
    ['tags', (tag: string) => `<xml>${tag.repeat(16_000)}</xml>`, '<a/>'],
    ['names', (tag: string) => `<xml>${tag.repeat(6_000)}</xml>`, '<Encrypt>'],
    ['open CDATA sections', (tag: string) => `<xml>${tag.repeat(7_000)}`, '<![CDATA['],
    ['Encrypt and CDATA', (tag: string) => `<xml>${tag.repeat(3_000)}`, '<Encrypt><![CDATA['],
    ['spaces', (tag: string) => `<xml><Encrypt>${tag.repeat(64_000)}`, ' '],
  ])('of %s costs next to nothing', async (_name, toBody, tag) => {
    const { receive } = setUp({ keys: [encodingAesKey] })
    const query = { ...plainQuery(), encrypt_type: 'aes', msg_signature: 'x'.repeat(40) }
    const before = process.cpuUsage()
    for (let n = 0; n < 40; n++) {
      expect((await receive(post(toBody(tag), { query }))).status).toBeGreaterThanOrEqual(400)
    }
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1_000).toBeLessThan(500)
  })
})

describe('refusals', () => {
  const event = () => eventXml('subscribe')
  const cases: [string, number, string[], () => CallbackRequest][] = [
    ['method', 405, [], () => post(event(), { method: 'PUT' })],
    ['content_type', 415, [], () => post('{}', { contentType: 'application/json' })],
    ['content_type', 415, [], () => post(event(), { contentType: 'text/xmlx' })],
    ['too_large', 413, [], () => post('x'.repeat(65_537))],
    ['too_large', 413, [], () => post('字'.repeat(21_846))],
    ['query', 403, [], () => post(event(), { query: {} })],
    ['query', 403, [], () => post(event(), { query: { ...plainQuery(), nonce: ['1', '2'] } })],
    ['query', 403, [], () => post(event(), { query: { ...plainQuery(), timestamp: ['1'] } })],
    ['query', 403, [], () => post(event(), { query: { ...plainQuery(), nonce: { a: '1' } } })],
    [
      'signature',
      403,
      [],
      () => post(event(), { query: { ...plainQuery(), signature: [plainQuery().signature] } }),
    ],
    ['signature', 403, [], () => post(event(), { query: { ...plainQuery(), signature: undefined } })],
    ['signature', 403, [], () => post(event(), { query: plainQuery({ token: 'wrong' }) })],
    [
      'timestamp',
      403,
      [],
      () => post(event(), { query: plainQuery({ at: Date.now() - hour - 5 * second }) }),
    ],
    [
      'timestamp',
      403,
      [],
      () => post(event(), { query: plainQuery({ at: Date.now() + hour + 5 * second }) }),
    ],
    ['timestamp', 403, [], () => post(event(), { query: { ...plainQuery(), timestamp: 'NaN' } })],
    ['unencrypted', 403, [encodingAesKey], () => post(event())],
    ['no_key', 403, [], () => sealedPost({ message: event() })],
    ['signature', 403, [encodingAesKey], () => sealedPost({ message: event(), token: 'wrong' })],
    ['cipher', 400, [encodingAesKey], () => sealedPost({ message: event(), appid: 'wxother' })],
    ['cipher', 400, [encodingAesKey], () => sealedPost({ message: event(), key: previousAesKey })],
    ['cipher', 400, [encodingAesKey], () => sealedPost({ message: event(), length: 5 })],
    [
      'xml',
      400,
      [encodingAesKey],
      () => post('garbage', { query: { ...plainQuery(), encrypt_type: 'aes' } }),
    ],
    ['xml', 400, [encodingAesKey], () => post(event(), { query: { ...plainQuery(), encrypt_type: 'aes' } })],
  ]
  test.each(cases)('%s answers %i, counts and warns', async (reason, status, keys, request) => {
    const { receive, stored, refusals, lines } = setUp({ keys })
    expect(await receive(request())).toEqual({ status, body: 'refused' })
    expect([...refusals.counts]).toEqual([[reason, 1]])
    expect(lines).toEqual([
      { level: 40, reason, appid, detail: expect.any(String), unlogged: 0, msg: 'callback refused' },
    ])
    expect(stored).toEqual([])
  })

  test('a clock that is 59 minutes off is tolerated', async () => {
    const { receive } = setUp()
    for (const off of [-59 * 60 * second, 59 * 60 * second]) {
      const query = plainQuery({ at: Date.now() + off })
      expect((await receive(post(event(), { query }))).status).toBe(200)
    }
  })

  test('a flood writes 20 lines a second and says how many it left out', async () => {
    let now = Date.now()
    const { receive, refusals, lines } = setUp({ now: () => now })
    const flood = async (times: number) => {
      for (let n = 0; n < times; n++)
        await receive(post('garbage', { query: plainQuery({ token: 'wrong' }) }))
    }
    await flood(1_000)
    expect(lines).toHaveLength(20)
    now += second
    await flood(1)
    expect(lines.at(-1)).toHaveProperty('unlogged', 980)
    expect(refusals.counts.get('signature')).toBe(1_001)
  })

  test('any changed byte of an encrypted push is refused with one and the same answer', async () => {
    const { receive, stored } = setUp({ keys: [encodingAesKey] })
    const { encrypt, query } = sealOne({ message: event() })
    const answers = new Set<string>()
    for (let index = 0; index < encrypt.length; index++) {
      const other = encrypt[index] === 'A' ? 'B' : 'A'
      const changed = `${encrypt.slice(0, index)}${other}${encrypt.slice(index + 1)}`
      const { status, body } = await receive(post(`<xml><Encrypt>${changed}</Encrypt></xml>`, { query }))
      answers.add(`${status} ${body}`)
    }
    expect([...answers]).toEqual(['403 refused'])
    expect(stored).toEqual([])
  })

  test('whatever comes in, it answers and never says success to a stranger', async () => {
    const value = fc.oneof(
      fc.string(),
      fc.constant(undefined),
      fc.array(fc.string()),
      fc.constant(plainQuery().timestamp),
    )
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'DELETE', ''),
      contentType: fc.option(fc.constantFrom('text/xml', 'application/xml; charset=utf-8', 'text/plain'), {
        nil: undefined,
      }),
      appid: fc.option(fc.string(), { nil: undefined }),
      query: fc.record({
        signature: value,
        timestamp: value,
        nonce: value,
        echostr: value,
        encrypt_type: fc.constantFrom('aes', 'raw', undefined),
        msg_signature: value,
      }),
      body: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string().map((text) => `<xml><Encrypt>${text}</Encrypt></xml>`),
        fc.base64String().map((text) => `<xml><Encrypt><![CDATA[${text}]]></Encrypt></xml>`),
      ),
    })
    for (const keys of [[], [encodingAesKey]]) {
      const { receive } = setUp({ keys })
      await fc.assert(
        fc.asyncProperty(request, async (given) => {
          const { status, body } = await receive(given)
          expect(status).toBeGreaterThanOrEqual(400)
          expect(body).toBe('refused')
        }),
        { numRuns: 1_000 },
      )
    }
  })
})

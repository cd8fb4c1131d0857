import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { hour } from '../../src/base/duration.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { type CallbackServer, openCallbackServer } from '../helpers/callbackServer.ts'
import { callbackAccount, eventXml, plainQuery, previousAesKey, seal, sealOne } from '../helpers/seal.ts'

const { appid, encodingAesKey } = callbackAccount
let server: CallbackServer
const open = async (options = {}) => {
  server = await openCallbackServer(options)
  return server
}
afterEach(() => server.close())

const receipt = { MsgID: '1226691075109289985', Status: 'success' }
const searchOf = (query: Record<string, string>) => `${new URLSearchParams(query)}`

describe('URL check', () => {
  test('echoes echostr as plain text, on the path of the account too', async () => {
    const { url } = await open({ keys: [encodingAesKey] })
    for (const path of ['/wechat/callback', '/wechat/callback/', `/wechat/callback/${appid}`]) {
      const response = await fetch(`${url}${path}?echostr=%3Cb%3E12&${searchOf(plainQuery())}`)
      expect([response.status, await response.text()]).toEqual([200, '<b>12'])
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    }
    const response = await fetch(`${url}/wechat/callback/wx0?echostr=12&${searchOf(plainQuery())}`)
    expect([response.status, await response.text()]).toEqual([404, 'refused'])
  })
})

describe('messages', () => {
  test('plain: success comes when the event is in the database', async () => {
    const { post, stored } = await open()
    expect(await post(eventXml('TEMPLATESENDJOBFINISH', receipt))).toBe('200 success')
    expect(stored()).toEqual([
      expect.objectContaining({
        appid,
        kind: 'receipt',
        msgid: '1226691075109289985',
        status: 'success',
        tries: 0,
      }),
    ])
  })

  test('encrypted by python3 and openssl, with the current and the previous key', async () => {
    const { postSealed, stored } = await open({ keys: [encodingAesKey, previousAesKey] })
    const messages = [encodingAesKey, previousAesKey].map((key, n) => ({
      key,
      message: eventXml('subscribe', { FromUserName: `o${n}` }),
    }))
    for (const sealed of seal(messages)) expect(await postSealed(sealed)).toBe('200 success')
    expect(stored().map((event) => event.openid)).toEqual(['o0', 'o1'])
  })

  test("WeChat's repeats are answered and stored once, also when they come at the same time", async () => {
    const { post, stored } = await open()
    const CreateTime = Math.floor(Date.now() / 1000)
    const message = eventXml('subscribe', { CreateTime })
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(message)))
    expect(new Set(answers)).toEqual(new Set(['200 success']))
    await post(eventXml('unsubscribe', { CreateTime }))
    await post(eventXml('subscribe', { CreateTime: CreateTime + 1 }))
    for (const MsgID of ['1', '2', '1']) {
      await post(eventXml('TEMPLATESENDJOBFINISH', { CreateTime, MsgID, Status: 'success' }))
    }
    expect(stored().map((event) => [event.kind, event.at / 1000 - CreateTime, event.msgid])).toEqual([
      ['subscribe', 0, ''],
      ['unsubscribe', 0, ''],
      ['subscribe', 1, ''],
      ['receipt', 0, '1'],
      ['receipt', 0, '2'],
    ])
  })

  test('what a user can put into an event is stored as it is', async () => {
    const { post, stored, db } = await open()
    const FromUserName = `o'); DROP TABLE followers; --`
    expect(await post(eventXml('subscribe', { FromUserName, EventKey: 'x' }))).toBe('200 success')
    expect(stored().map((event) => event.openid)).toEqual([FromUserName])
    expect(db.read.query.followers.findMany().sync()).toEqual([])
  })
})

describe('refusals', () => {
  test.each([
    [
      'bad signature',
      '403 refused',
      'signature',
      () => server.post(eventXml('subscribe'), { search: searchOf(plainQuery({ token: 'x' })) }),
    ],
    ['no query', '403 refused', 'query', () => server.post(eventXml('subscribe'), { search: '' })],
    [
      'parameters given twice',
      '403 refused',
      'query',
      () => server.post(eventXml('subscribe'), { search: `${searchOf(plainQuery())}&nonce=1` }),
    ],
    [
      'nested parameters',
      '403 refused',
      'query',
      () => server.post(eventXml('subscribe'), { search: 'signature[a]=1&timestamp[]=2&nonce[__proto__]=3' }),
    ],
    [
      'old timestamp',
      '403 refused',
      'timestamp',
      () =>
        server.post(eventXml('subscribe'), { search: searchOf(plainQuery({ at: Date.now() - 2 * hour })) }),
    ],
    ['JSON', '415 refused', 'content_type', () => server.post('{}', { type: 'application/json' })],
    [
      'form',
      '415 refused',
      'content_type',
      () => server.post('a=b', { type: 'application/x-www-form-urlencoded' }),
    ],
    ['64 KB and a byte', '413 refused', 'too_large', () => server.post(' '.repeat(65_537))],
    [
      'encrypted without a key',
      '403 refused',
      'no_key',
      () => server.postSealed(sealOne({ message: eventXml('subscribe') })),
    ],
  ])('%s: %s, counted, one warn line', async (_name, answer, reason, send) => {
    const { refusals, lines, stored } = await open()
    expect(await send()).toBe(answer)
    expect([...refusals.counts]).toEqual([[reason, 1]])
    expect(lines.map(({ level, reason, msg }) => ({ level, reason, msg }))).toEqual([
      { level: 40, reason, msg: 'callback refused' },
    ])
    expect(stored()).toEqual([])
  })

  test.each([
    [
      'DOCTYPE',

      'unreadable',
      () => server.post('<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>'),
    ],
    ['prototype tag', 'unreadable', () => server.post('<xml><__proto__><x>1</x></__proto__></xml>')],
    [
      'deep nesting',

      'unreadable',
      () => server.post(`<xml>${'<a>'.repeat(9_000)}${'</a>'.repeat(7_000)}</xml>`),
    ],
    ['garbage', 'unreadable', () => server.post('\u0000\ufffd<<<')],
    ['gzip', 'unreadable', () => server.post(gzipSync(eventXml('subscribe')).toString('latin1'))],
    [
      'fields missing',

      'fields',
      () => server.post('<xml><ToUserName>gh_1</ToUserName></xml>'),
    ],
  ])('%s, though signed: %s, answered with success, one warn line', async (_name, reason, send) => {
    const { refusals, lines, stored } = await open()
    expect(await send()).toBe('200 success')
    expect([...refusals.counts]).toEqual([[reason, 1]])
    expect(lines.map(({ level, reason, msg }) => ({ level, reason, msg }))).toEqual([
      { level: 40, reason, msg: 'callback message cannot be used' },
    ])
    expect(stored()).toEqual([])
  })

  test('with a key configured unencrypted messages, other accounts and bad padding are refused', async () => {
    const { post, postSealed, refusals, stored } = await open({ keys: [encodingAesKey] })
    const message = eventXml('subscribe')
    expect(await post(message)).toBe('403 refused')
    const [forOther, damaged, wrongKey, wrongToken] = seal([
      { message, appid: 'wx0' },
      { message, length: 0xffffffff },
      { message, key: previousAesKey },
      { message, token: 'x' },
    ])
    expect(await postSealed(forOther ?? sealOne({ message }))).toBe('400 refused')
    expect(await postSealed(damaged ?? sealOne({ message }))).toBe('400 refused')
    expect(await postSealed(wrongKey ?? sealOne({ message }))).toBe('400 refused')
    expect(await postSealed(wrongToken ?? sealOne({ message }))).toBe('403 refused')
    expect(Object.fromEntries(refusals.counts)).toEqual({ unencrypted: 1, cipher: 3, signature: 1 })
    expect(stored()).toEqual([])
  })

  test('other methods and paths get no stack trace', async () => {
    const { url } = await open()
    for (const [method, path] of [
      ['PUT', '/wechat/callback'],
      ['POST', '/wechat'],
      ['GET', '/%00'],
      ['GET', '/wechat/callback/%E0%A4%A'],
    ]) {
      const response = await fetch(`${url}${path}`, { method: method ?? 'GET' })
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      expect(await response.text()).not.toMatch(/at .*\.ts|node_modules/)
    }
  })

  test('no log line holds the body, the signature or the token', async () => {
    const { post, lines } = await open()
    const query = plainQuery({ token: 'x' })
    await post(eventXml('subscribe', { FromUserName: 'oSecretUser' }), { search: searchOf(query) })
    const text = JSON.stringify(lines)
    for (const secret of ['oSecretUser', query.signature, callbackAccount.token])
      expect(text).not.toContain(secret)
  })
})

describe('server', () => {
  /** What comes back on a connection until it is closed. */
  async function exchange(write: (socket: ReturnType<typeof connect>) => void): Promise<string> {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => {})
    write(socket)
    await new Promise((resolve) => socket.on('close', resolve))
    return answer
  }
  const head = () =>
    `POST /wechat/callback?${searchOf(plainQuery())} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n`

  test('an endless body is cut off at 64 KB', async () => {
    const { refusals } = await open()
    let sent = 0
    const answer = await exchange((socket) => {
      const chunk = 'x'.repeat(16_384)
      const pour = () => {
        while (socket.writable && socket.write(`4000\r\n${chunk}\r\n`)) sent += chunk.length
      }
      socket.write(`${head()}Transfer-Encoding: chunked\r\n\r\n`)
      socket.on('drain', pour)
      pour()
    })
    expect(answer).toMatch(/^HTTP\/1.1 413 .*refused/s)
    expect(refusals.counts.get('too_large')).toBe(1)
    expect(sent).toBeLessThan(16 * 1024 * 1024)
  })

  test('a body that never ends, a head that never ends and connections that say nothing are cut off within seconds', async () => {
    await open()
    const started = Date.now()
    const answers = await Promise.all([
      ...Array.from({ length: 300 }, () => exchange(() => {})),
      exchange((socket) => socket.write('\r\n')),
      exchange((socket) => socket.write(`${head()}Content-Length: 100\r\n\r\n<xml>`)),
      exchange((socket) => socket.write(head())),
    ])
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 /)
    expect(Date.now() - started).toBeLessThan(9_000)
  })

  test('what was answered with success when the server closed is stored', async () => {
    const { post, stored, stop } = await open()
    const posts = Array.from({ length: 50 }, (_, n) =>
      post(eventXml('subscribe', { FromUserName: `o${n}` })).catch(() => 'not taken'),
    )
    await Promise.race(posts)
    await stop()
    const answers = await Promise.all(posts)
    expect(stored()).toHaveLength(answers.filter((answer) => answer === '200 success').length)
    expect(await post(eventXml('subscribe')).catch(() => 'not taken')).toBe('not taken')
  })

  test('a database that cannot be written makes WeChat come again', async () => {
    const { post, db, lines } = await open()
    await db.close()
    expect(await post(eventXml('subscribe'))).toBe('503 try again')
    expect(lines.map(({ level }) => level)).toEqual([50])
  })

  test('a port in use is told in a sentence', async () => {
    const { url, log } = await open()
    const port = Number(new URL(url).port)
    await expect(startHttpServer({ host: '127.0.0.1', port, log, routes: async () => {} })).rejects.toThrow(
      `Cannot listen on 127.0.0.1:${port}: another program uses it; set HTTP_HOST and HTTP_PORT`,
    )
  })

  test('describes its routes in valid OpenAPI', async () => {
    const { url } = await open()
    const document: unknown = await (await fetch(`${url}/openapi.json`)).json()
    const result = await new Validator().validate(z.record(z.string(), z.unknown()).parse(document))
    expect(result.errors).toBeUndefined()
    expect(document).toMatchObject({
      paths: {
        '/wechat/callback': { get: {}, post: { requestBody: { content: { 'text/xml': {} } } } },
        '/wechat/callback/{appid}': { get: {}, post: {} },
      },
    })
  })
})

import { EventEmitter, once } from 'node:events'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bodyLimit } from '../../src/wechat/transport/transport.ts'
import { startScriptedServer, startTcpServer } from '../helpers/scriptedServer.ts'
import { failureOf, openClient, post } from '../helpers/transportClient.ts'
import { timeouts, transports } from '../helpers/transports.ts'

describe.each(transports)('answers over %s', (_, createTransport) => {
  describe('a good answer', () => {
    test('comes as JSON, text and date, whatever its content type says', async () => {
      const server = await startScriptedServer((response) => {
        response.writeHead(200, { 'content-type': 'text/plain', date: 'Fri, 20 Nov 2026 10:00:00 GMT' })
        response.end('{"errcode":0,"n":12345678901234567890}')
      })
      const answer = await openClient(createTransport, server.base).call(post)
      expect(answer.json.errcode).toBe(0)
      expect(answer.text).toBe('{"errcode":0,"n":12345678901234567890}')
      expect(answer.date).toBe(Date.UTC(2026, 10, 20, 10))
    })

    test('follows a request in unescaped UTF-8 with the query encoded', async () => {
      const server = await startScriptedServer((response) => response.end('{}'))
      const query = { access_token: 'a+/=&?', next_openid: 'o 1', js_code: 'x\ud83d' }
      const body = { text: '订单😀', broken: 'x\ud83d!', literal: '\\ud83d' }
      await openClient(createTransport, `${server.base}/prefix/`).call({
        method: 'POST',
        path: '/p',
        query,
        body,
      })
      const [request] = server.requests
      expect(request?.path).toBe('/prefix/p')
      expect(Object.fromEntries(request?.query ?? [])).toEqual({ ...query, js_code: 'x\ufffd' })
      expect(request?.headers['content-type']).toBe('application/json')
      expect(request?.text).toBe('{"text":"订单😀","broken":"x\ufffd!","literal":"\\\\ud83d"}')
    })

    test('to a GET has no body', async () => {
      const server = await startScriptedServer((response) => response.end('{}'))
      await openClient(createTransport, server.base).call({ method: 'GET', path: '/p' })
      expect(server.requests).toMatchObject([{ method: 'GET', text: '' }])
    })

    test('leaves its connection open for the next call', async () => {
      const server = await startScriptedServer((response) => response.end('{}'))
      const client = openClient(createTransport, server.base)
      for (let i = 0; i < 5; i++) await client.call(post)
      expect(server.requests).toHaveLength(5)
      // undici lets a connection rest for one turn of the event loop, so it may have opened a second one.
      expect(server.connections()).toBeLessThanOrEqual(2)
    })

    test('may come in chunks that cut characters in halves', async () => {
      const bytes = Buffer.from('{"a":"订单"}')
      const server = await startScriptedServer(async (response) => {
        for (const byte of bytes) {
          response.write(Buffer.of(byte))
          await new Promise(setImmediate)
        }
        response.end()
      })
      expect((await openClient(createTransport, server.base).call(post)).json).toEqual({ a: '订单' })
    })

    test.each([
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['identity', Buffer.from],
    ] as const)('may be encoded as %s', async (encoding, encode) => {
      const server = await startScriptedServer((response) => {
        response.writeHead(200, { 'content-encoding': encoding }).end(encode('{"a":"订单"}'))
      })
      expect((await openClient(createTransport, server.base).call(post)).json).toEqual({ a: '订单' })
    })

    test.each([
      ['a byte order mark', Buffer.from('\ufeff{"a":"b"}'), 'b'],
      ['raw control characters', Buffer.from('{"a":"b\u0001\n\u0007"}'), 'b'],
      [
        'broken UTF-8',
        Buffer.concat([Buffer.from('{"a":"b'), Buffer.of(0xe8, 0xae), Buffer.from('"}')]),
        'b\ufffd',
      ],
    ])('may have %s', async (_name, bytes, expected) => {
      const server = await startScriptedServer((response) => response.end(bytes))
      expect((await openClient(createTransport, server.base).call(post)).json).toEqual({ a: expected })
    })

    test('may be as long as a full page of followers', async () => {
      const openids = Array.from({ length: 10_000 }, (_unused, i) => `o${String(i).padStart(27, '0')}`)
      const server = await startScriptedServer((response) =>
        response.end(JSON.stringify({ data: { openid: openids } })),
      )
      expect(
        (
          await openClient(createTransport, server.base, { timeouts: { connect: 250, answer: 5_000 } }).call(
            post,
          )
        ).json,
      ).toEqual({ data: { openid: openids } })
    })
  })

  describe('no usable answer', () => {
    test.each([
      ['an HTML page', '<html><body>502 Bad Gateway</body></html>'],
      ['truncated JSON', '{"errcode":0,"msg'],
      ['nothing', ''],
      ['a list', '[1]'],
      ['null', 'null'],
      ['an errcode that is no number', '{"errcode":"busy"}'],
    ])('is %s', async (_name, body) => {
      const server = await startScriptedServer((response) => response.end(body))
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'bad_body',
        maybeReceived: true,
      })
    })

    test.each([500, 502, 503, 429, 404])('is HTTP status %i', async (status) => {
      const server = await startScriptedServer((response) => response.writeHead(status).end('{"errcode":0}'))
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'http_status',
        status,
        maybeReceived: true,
      })
    })

    test('is a redirect, which is not followed', async () => {
      const server = await startScriptedServer((response) =>
        response.writeHead(302, { location: '/elsewhere' }).end('{}'),
      )
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'http_status',
        status: 302,
      })
      expect(server.requests).toHaveLength(1)
    })

    test('is a connection reset before the answer', async () => {
      const server = await startScriptedServer((response) => response.socket?.resetAndDestroy())
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'reset',
        maybeReceived: true,
      })
    })

    test('is a connection closed in the middle of the answer', async () => {
      const server = await startScriptedServer((response) => {
        response.writeHead(200, { 'content-length': 100 })
        response.write('{"errcode":0', () => response.socket?.destroy())
      })
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'reset',
        maybeReceived: true,
      })
    })

    test('is something that is not HTTP', async () => {
      const base = await startTcpServer((socket) =>
        socket.once('data', () => socket.end('220 smtp ready\r\n')),
      )
      expect(await failureOf(createTransport, base)).toMatchObject({ kind: 'bad_body', maybeReceived: true })
    })

    test('is silence', async () => {
      const server = await startScriptedServer(() => {})
      const start = performance.now()
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'timeout',
        maybeReceived: true,
      })
      expect(performance.now() - start).toBeLessThan(timeouts.answer * 3)
    })

    test('is an answer that drips for longer than an answer may take', async () => {
      const server = await startScriptedServer((response) => {
        const drip = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(drip))
      })
      const start = performance.now()
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'timeout',
        maybeReceived: true,
      })
      expect(performance.now() - start).toBeLessThan(timeouts.answer * 3)
    })

    test('is an endless body, which is cut off', async () => {
      let sent = 0
      const closed = new EventEmitter()
      const seen = once(closed, 'closed')
      const server = await startScriptedServer((response) => {
        response.on('close', () => closed.emit('closed'))
        const chunk = Buffer.alloc(256 * 1024, ' ')
        const pour = () => {
          sent += chunk.length
          response.write(chunk, (error) => {
            if (!error) setImmediate(pour)
          })
        }
        pour()
      })
      const options = { timeouts: { connect: 250, answer: 5_000 } }
      expect(await failureOf(createTransport, server.base, post, options)).toMatchObject({
        kind: 'too_large',
        maybeReceived: true,
      })
      await seen
      expect(sent).toBeLessThan(bodyLimit * 4)
    })

    test('is a small body that swells beyond the limit when decompressed', async () => {
      const bomb = gzipSync(Buffer.alloc(bodyLimit + 1, ' '))
      const server = await startScriptedServer((response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
      )
      const options = { timeouts: { connect: 250, answer: 5_000 } }
      expect(await failureOf(createTransport, server.base, post, options)).toMatchObject({
        kind: 'too_large',
        maybeReceived: true,
      })
    })

    test('is a body that is not encoded as it says', async () => {
      const server = await startScriptedServer((response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('{}'),
      )
      expect(await failureOf(createTransport, server.base)).toMatchObject({
        kind: 'bad_body',
        maybeReceived: true,
      })
    })
  })
})

import { spawn } from 'node:child_process'
import { getEventListeners, once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WechatNetworkError } from '../../src/wechat/errors.ts'
import { startConnectProxy } from '../helpers/connectProxy.ts'
import { forkProcess } from '../helpers/forkProcess.ts'
import { findClosedBase, startScriptedServer, startTcpServer } from '../helpers/scriptedServer.ts'
import { selfSigned } from '../helpers/selfSigned.ts'
import { failureOf, openClient, post } from '../helpers/transportClient.ts'
import { direct, transports } from '../helpers/transports.ts'

describe.each(transports)('connections over %s', (name, createTransport) => {
  describe('a request that surely never left', () => {
    test('was refused a connection', async () => {
      const base = await findClosedBase()
      expect(await failureOf(createTransport, base)).toMatchObject({ kind: 'connect', maybeReceived: false })
    })

    test('was for a host without address', async () => {
      expect(await failureOf(createTransport, 'http://wechat.invalid')).toMatchObject({
        kind: 'connect',
        maybeReceived: false,
      })
    })

    test('met a host that accepts no connection in time', async () => {
      const start = performance.now()
      const options = { timeouts: { connect: 250, answer: 10_000 } }
      const base = `http://127.0.0.1:${await openDeafPort()}`
      expect(await failureOf(createTransport, base, post, options)).toMatchObject({
        kind: 'connect',
        maybeReceived: false,
      })
      expect(performance.now() - start).toBeLessThan(5_000)
    })

    test('met a host that speaks no TLS', async () => {
      const server = await startScriptedServer((response) => response.end('{}'))
      const base = server.base.replace('http:', 'https:')
      expect(await failureOf(createTransport, base)).toMatchObject({ kind: 'connect', maybeReceived: false })
      expect(server.requests).toEqual([])
    })

    test('met a host that hangs up in the TLS handshake', async () => {
      const base = await startTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
      expect(await failureOf(createTransport, base.replace('http:', 'https:'))).toMatchObject({
        kind: 'connect',
        maybeReceived: false,
      })
    })

    test('was for a base that is no URL', async () => {
      const transport = createTransport({ proxy: direct })
      onTestFinished(() => transport.close())
      const request = { method: 'POST', path: '/cgi-bin/x', query: '?t=SECRET', body: '{}' } as const
      const sent = async () => transport.send({ ...request, base: 'no url', signal: undefined })
      const error: unknown = await sent().catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(WechatNetworkError)
      expect(error).toMatchObject({ kind: 'connect', maybeReceived: false })
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('SECRET')
    })

    test('was given up before', async () => {
      const server = await startScriptedServer((response) => response.end('{}'))
      const request = { ...post, signal: AbortSignal.abort() }
      expect(await failureOf(createTransport, server.base, request)).toMatchObject({
        kind: 'aborted',
        maybeReceived: false,
      })
      expect(server.requests).toEqual([])
    })
  })

  test('a call given up while it waits for a connection is never sent', async () => {
    const server = await startScriptedServer((response) => response.end('{}'))
    const client = openClient(createTransport, server.base)
    const controller = new AbortController()
    const call = client.call({ ...post, path: '/given-up', signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toMatchObject({ kind: 'aborted', maybeReceived: false })
    await client.call(post)
    expect(server.requests.map(({ path }) => path)).toEqual(['/cgi-bin/x'])
  })

  test('a call given up while WeChat works on it may have been received', async () => {
    const controller = new AbortController()
    const server = await startScriptedServer(() => controller.abort())
    const request = { ...post, signal: controller.signal }
    expect(await failureOf(createTransport, server.base, request)).toMatchObject({
      kind: 'aborted',
      maybeReceived: true,
    })
  })

  test('one signal can end hundreds of calls without a warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const controller = new AbortController()
    const server = await startScriptedServer((response) => response.end('{}'))
    const client = openClient(createTransport, server.base, { timeouts: { connect: 5_000, answer: 5_000 } })
    await Promise.all(Array.from({ length: 200 }, () => client.call({ ...post, signal: controller.signal })))
    expect(server.requests).toHaveLength(200)
    expect(warnings).toEqual([])
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  describe('over TLS', () => {
    /** Breaks the connection off under the first and the third request. */
    async function startTlsServer() {
      let count = 0
      const server = createServer(selfSigned, (incoming, response) => {
        incoming.resume().on('end', () => {
          count += 1
          if (count === 1 || count === 3) response.socket?.destroy()
          else response.end('{"a":1}')
        })
      })
      await once(server.listen(0, '127.0.0.1'), 'listening')
      onTestFinished(() => {
        server.closeAllConnections()
        server.close()
      })
      return { base: `https://localhost:${(server.address() as AddressInfo).port}`, count: () => count }
    }

    async function callTrusting(base: string, proxy: string, calls: number): Promise<unknown> {
      const dir = await mkdtemp(join(tmpdir(), 'unionpush-tls-'))
      onTestFinished(() => rm(dir, { recursive: true }))
      const file = join(dir, 'ca.pem')
      await writeFile(file, selfSigned.cert)
      const child = forkProcess('tlsCaller', [name, base, proxy, String(calls)], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: file },
      })
      const [outcomes] = await once(child, 'message')
      return outcomes
    }

    test('a broken call may have been received, on a new connection and on a used one', async () => {
      const server = await startTlsServer()
      expect(await callTrusting(server.base, '', 4)).toEqual([
        ['reset', true],
        '{"a":1}',
        ['reset', true],
        '{"a":1}',
      ])
    })

    test('a proxy changes nothing about that', async () => {
      const server = await startTlsServer()
      const proxy = await startConnectProxy()
      const outcomes = await callTrusting(server.base, proxy.url, 4)
      expect(outcomes).toEqual([['reset', true], '{"a":1}', ['reset', true], '{"a":1}'])
      expect(proxy.tunnels.length).toBeGreaterThan(0)
    })

    test('a certificate that is not trusted means the request never left', async () => {
      const server = await startTlsServer()
      const options = { timeouts: { connect: 5_000, answer: 5_000 } }
      const error = await failureOf(createTransport, server.base, post, options)
      expect(error).toMatchObject({ kind: 'connect', maybeReceived: false })
      expect(server.count()).toBe(0)
    })
  })

  describe('a proxy', () => {
    test('carries the calls and gets its credentials', async () => {
      const server = await startScriptedServer((response) => response.end('{"a":1}'))
      const proxy = await startConnectProxy()
      const url = proxy.url.replace('//', '//user:p%40ss@')
      const client = openClient(createTransport, server.base, { proxy: { ...direct, http: url } })
      for (let i = 0; i < 3; i++) expect((await client.call(post)).json).toEqual({ a: 1 })
      const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`
      expect(proxy.tunnels[0]).toEqual({ target: new URL(server.base).host, authorization })
    })

    test('passes on a request that may have been received although its answer never came', async () => {
      const server = await startScriptedServer((response) => response.socket?.destroy())
      const { url } = await startConnectProxy()
      const error = await failureOf(createTransport, server.base, post, { proxy: { ...direct, http: url } })
      expect(error).toMatchObject({ kind: 'reset', maybeReceived: true })
    })

    test('is left out for hosts to be reached directly', async () => {
      const server = await startScriptedServer((response) => response.end('{}'))
      const proxy = await startConnectProxy()
      await openClient(createTransport, server.base, {
        proxy: { http: proxy.url, https: proxy.url, none: 'localhost, 127.0.0.1' },
      }).call(post)
      expect(proxy.tunnels).toEqual([])
    })

    test('that opens no tunnel means the request never left', async () => {
      const proxy = await startConnectProxy({ status: 407 })
      const options = { proxy: { ...direct, http: proxy.url.replace('//', '//user:hunter2@') } }
      const error = await failureOf(createTransport, 'http://wechat.invalid', post, options)
      expect(error).toMatchObject({ kind: 'connect', maybeReceived: false })
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hunter2')
    })

    test('that cannot be reached means the request never left', async () => {
      const url = await findClosedBase()
      const error = await failureOf(createTransport, 'http://wechat.invalid', post, {
        proxy: { ...direct, http: url },
      })
      expect(error).toMatchObject({ kind: 'connect', maybeReceived: false })
    })

    test.each(['10.0.0.9:3128', 'http://user:p%zz@127.0.0.1:9', 'http://[::1', 'ftp://127.0.0.1:9'])(
      'that cannot be used, such as %s, means the request never left',
      async (proxy) => {
        const server = await startScriptedServer((response) => response.end('{}'))
        const options = { proxy: { ...direct, http: proxy } }
        const error = await failureOf(createTransport, server.base, post, options)
        expect(error).toMatchObject({ kind: 'connect', maybeReceived: false })
        expect(server.requests).toEqual([])
      },
    )

    test('may have an IPv6 address', async () => {
      const server = await startScriptedServer((response) => response.end('{"a":1}'))
      const proxy = await startConnectProxy({ host: '::1' })
      const client = openClient(createTransport, server.base, { proxy: { ...direct, http: proxy.url } })
      expect((await client.call(post)).json).toEqual({ a: 1 })
    })

    test.each(['user@', 'user:@', ':pass@'])('gets the credentials %s too', async (credentials) => {
      const server = await startScriptedServer((response) => response.end('{"a":1}'))
      const proxy = await startConnectProxy()
      const http = proxy.url.replace('//', `//${credentials}`)
      await openClient(createTransport, server.base, { proxy: { ...direct, http } }).call(post)
      const { username, password } = new URL(http)
      const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
      expect(proxy.tunnels).toMatchObject([{ authorization }])
    })

    test('that never answers means the request never left', async () => {
      const http = await startTcpServer(() => {})
      const error = await failureOf(createTransport, 'http://wechat.invalid', post, {
        proxy: { ...direct, http },
      })
      expect(error).toMatchObject({ maybeReceived: false })
    })
  })
})

/** A port whose process accepts nothing and whose queue of waiting connections is full. */
async function openDeafPort(): Promise<number> {
  const script = `
    const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('fs').writeSync(1, String(server.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [chunk] = await once(child.stdout, 'data')
  const port = Number(chunk)
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  onTestFinished(() => waiting.forEach((socket) => void socket.destroy()))
  return port
}

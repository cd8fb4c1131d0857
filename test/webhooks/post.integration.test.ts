import { randomBytes } from 'node:crypto'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { expect, onTestFinished, test } from 'vitest'
import { createPoster } from '../../src/webhooks/post.ts'
import { startConnectProxy } from '../helpers/connectProxy.ts'
import { findClosedBase, startScriptedServer, startTcpServer } from '../helpers/scriptedServer.ts'

const direct = { http: undefined, https: undefined, none: undefined }
const message = { id: 'msg_1', body: '{"type":"webhook.test","data":{"text":"你好 \\u2028"}}' }
const [current, previous] = [randomBytes(32), randomBytes(24)]
const toSecret = (key: Buffer) => `whsec_${key.toString('base64')}`

function open(url: string, more: { keys?: Buffer[]; timeout?: number; http?: string } = {}) {
  const { keys = [current], timeout, http } = more
  const poster = createPoster({ url, keys }, { ...direct, http }, timeout)
  onTestFinished(poster.close)
  return poster
}

test('a message is verified by the libraries of its receivers, with either secret while one is being changed', async () => {
  const server = await startScriptedServer((response) => response.end())
  expect(await open(`${server.base}/hook?key=1`, { keys: [current, previous] }).post(message)).toBeUndefined()
  const [request] = server.requests
  if (!request) throw new Error('nothing came')
  expect(request).toMatchObject({ method: 'POST', path: '/hook', text: message.body })
  expect(request.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': 'msg_1' })
  const headers = Object.fromEntries(
    ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
      name,
      String(request.headers[name]),
    ]),
  )
  for (const key of [current, previous]) {
    const payload = new StandardWebhook(toSecret(key)).verify(request.text, headers)
    expect(payload).toEqual(JSON.parse(message.body))
    expect(new SvixWebhook(toSecret(key)).verify(request.text, headers)).toEqual(payload)
  }
  const stranger = toSecret(randomBytes(32))
  expect(() => new StandardWebhook(stranger).verify(request.text, headers)).toThrow('No matching signature')
  expect(() => new StandardWebhook(toSecret(current)).verify(`${request.text} `, headers)).toThrow()
})

test('only 2xx is an answer of somebody who took it; a redirect is not followed', async () => {
  const server = await startScriptedServer((response, { path }) => {
    const status = Number(path.slice(1))
    response.writeHead(status, { location: '/200' }).end(status === 200 ? 'ok' : ' not\n now ')
  })
  const post = (status: number) => open(`${server.base}/${status}`).post(message)
  expect(await Promise.all([200, 204].map(post))).toEqual([undefined, undefined])
  expect(await Promise.all([302, 404, 500].map(post))).toEqual([
    'HTTP 302: not now',
    'HTTP 404: not now',
    'HTTP 500: not now',
  ])
  expect(server.requests).toHaveLength(5)
})

test('an answer is read up to 64 KB, however much there is', async () => {
  let written = 0
  const server = await startScriptedServer((response, { path }) => {
    response.writeHead(Number(path.slice(1)))
    const chunk = Buffer.alloc(16_384, 'x')
    const more = () => {
      while (!response.destroyed && response.write(chunk)) written += chunk.length
    }
    response.on('drain', more)
    more()
  })
  expect(await open(`${server.base}/200`).post(message)).toBeUndefined()
  expect(await open(`${server.base}/500`).post(message)).toBe(`HTTP 500: ${'x'.repeat(200)}`)
  expect(written).toBeLessThan(20_000_000)
})

test('nobody there, a connection that breaks, and silence are told in words', async () => {
  expect(await open(await findClosedBase()).post(message)).toMatch('ECONNREFUSED')
  expect(await open(await startTcpServer((socket) => socket.destroy())).post(message)).toMatch(
    /ECONNRESET|hang up/,
  )
  const silent = await startScriptedServer(() => {})
  expect(await open(silent.base, { timeout: 40 }).post(message)).toBe('no complete answer within 0.04 s')
  const slow = await startScriptedServer((response) => response.writeHead(200).write('half'))
  expect(await open(slow.base, { timeout: 40 }).post(message)).toBe('no complete answer within 0.04 s')
})

test('HTTP_PROXY is respected', async () => {
  const proxy = await startConnectProxy()
  const server = await startScriptedServer((response) => response.end())
  expect(await open(server.base, { http: proxy.url }).post(message)).toBeUndefined()
  expect(proxy.tunnels).toHaveLength(1)
  expect(server.requests).toHaveLength(1)
})

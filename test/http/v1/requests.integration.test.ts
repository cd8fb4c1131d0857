import { once } from 'node:events'
import { request } from 'node:http'
import { expect, test, vi } from 'vitest'
import { apiKeys, startApiWorld } from '../../helpers/apiWorld.ts'

test('an address that cannot be read gets a problem document, in the language of the caller', async () => {
  const { get } = await startApiWorld({ synced: false })
  const answer = await get('/v1/pushes/%zz', { headers: { 'accept-language': 'zh' } })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
  expect(answer.body).toEqual({
    type: 'urn:unionpush:bad_address',
    title: 'Bad Request',
    status: 400,
    detail: '网址无法解析：/v1/pushes/%zz',
    errors: [],
  })
  expect((await get('/%zz')).body).toEqual({ error: expect.objectContaining({ code: 'bad_request' }) })
})

test('every id that a push may have can stand in the address', async () => {
  const { post, get, message } = await startApiWorld()
  for (const id of ['x'.repeat(128), '推'.repeat(128), 'a/b%41?#:']) {
    expect((await post('/v1/pushes', message(1, { id }))).status).toBe(202)
    const path = `/v1/pushes/${encodeURIComponent(id)}`
    expect((await get(path)).body).toMatchObject({ id, status: 'queued' })
    expect((await post(`${path}/cancel`)).body).toEqual({ id, status: 'cancelled' })
  }
})

test('a path says which methods it takes, and what can be read has a head too', async () => {
  const { ask, send } = await startApiWorld({ synced: false })
  const refused = await ask('DELETE', '/v1/pushes/a')
  expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect(refused.body.type).toBe('urn:unionpush:method')
  expect((await ask('PUT', '/v1/pushes', { body: {} })).headers.get('allow')).toBe('GET, HEAD, POST')
  expect((await ask('DELETE', '/v1/pushes/a', { key: null })).status).toBe(401)
  expect((await ask('DELETE', '/v1/nothing')).status).toBe(404)
  for (const path of ['/v1/status', '/healthz', '/readyz', '/metrics']) {
    const head = await send('HEAD', path)
    expect([path, head.status, await head.text()]).toEqual([path, 200, ''])
  }
  // It would never end.
  expect((await send('HEAD', '/v1/events')).status).toBe(405)
})

test('a body in another charset than UTF-8 is refused before it reaches a user as garbage', async () => {
  const { url, message, account } = await startApiWorld()
  const [before = '', after = ''] = JSON.stringify(message(1)).split('订单已发货')
  // 订单 in GBK.
  const body = Buffer.concat([Buffer.from(before), Buffer.from('b6a9b5a5', 'hex'), Buffer.from(after)])
  const headers = { authorization: `Bearer ${apiKeys.push}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/pushes`, { method: 'POST', headers, body })
  expect(answer.status).toBe(400)
  const errors = [{ pointer: '', message: 'expected UTF-8, got text in another charset' }]
  expect(await answer.json()).toMatchObject({ errors })
  const counts = await account.openQueue().run((queue) => queue.getJobCounts())
  expect(counts.waiting).toBe(0)
})

test('a route without fields takes an empty body, whatever type is named, and refuses fields', async () => {
  const { post, message } = await startApiWorld()
  await post('/v1/pushes', message(1, { id: 'a' }))
  const typed = { headers: { 'content-type': 'application/json' } }
  expect((await post('/v1/pushes/a/cancel', undefined, typed)).body.status).toBe('cancelled')
  expect((await post('/v1/pause', undefined, typed)).body.paused.reason).toBe('manual')
  const { status, body } = await post('/v1/pushes/a/retry', { account: 'other' })
  expect([status, body.errors[0].pointer]).toEqual([400, '/account'])
  const nothing = await post('/v1/pushes', undefined, typed)
  expect(nothing.body.errors).toEqual([{ pointer: '', message: 'expected a JSON object, got an empty body' }])
})

test('Idempotency-Key may come in quotes, as the draft has it, but only once', async () => {
  const { post, message, url } = await startApiWorld()
  const answer = await post('/v1/pushes', message(1), { headers: { 'idempotency-key': '"a \\"b\\""' } })
  expect(answer.body).toEqual({ id: 'a "b"', status: 'queued' })
  const latin = await post('/v1/pushes', message(1), { headers: { 'idempotency-key': 'ä' } })
  expect([latin.status, latin.body.errors[0].pointer]).toEqual([400, '/id'])
  const twice = request(`${url}/v1/pushes`, { method: 'POST' })
  twice.setHeader('authorization', `Bearer ${apiKeys.push}`)
  twice.setHeader('content-type', 'application/json')
  twice.setHeader('idempotency-key', ['a', 'b'])
  twice.end(JSON.stringify(message(1)))
  const [response] = await once(twice, 'response')
  expect(response.statusCode).toBe(400)
  response.resume()
})

test('with Idempotency-Key a batch that is repeated is sent once, as JSON and as a stream', async () => {
  const { post, get, message } = await startApiWorld()
  const messages = [message(1), message(2, { id: 'own' }), 5, message(3)]
  for (const [key, body, type] of [
    ['json', { pushes: messages }, 'application/json'],
    ['lines', messages.map((line) => `${JSON.stringify(line)}\n\n`).join(''), 'application/x-ndjson'],
  ] as const) {
    const headers = { 'idempotency-key': key, 'content-type': type }
    const send = async () => (await post('/v1/pushes/batch', body, { headers })).body
    const first = await send()
    expect([first.queued + first.duplicates, first.invalid[0].index]).toEqual([3, 2])
    expect(await send()).toMatchObject({ queued: 0, duplicates: 3 })
    expect((await get(`/v1/pushes/${key}:3`)).body).toMatchObject({ id: `${key}:3`, status: 'queued' })
    expect((await get(`/v1/pushes/${key}:1`)).status).toBe(404)
  }
})

test('a caller who breaks off a stream is no error of the server', async () => {
  const { url, lines } = await startApiWorld({ synced: false })
  const stream = request(`${url}/v1/pushes/batch`, { method: 'POST' })
  stream.setHeader('authorization', `Bearer ${apiKeys.push}`)
  stream.setHeader('content-type', 'application/x-ndjson')
  stream.setHeader('expect', '100-continue')
  stream.on('error', () => {})
  stream.flushHeaders()
  await once(stream, 'continue')
  stream.write('{"half":')
  stream.destroy()
  const brokenOff = () => lines.find(({ msg }) => msg === 'API request broken off by its caller')
  await vi.waitUntil(brokenOff, { timeout: 20_000 })
  expect(lines.filter(({ level }) => level === 'error')).toEqual([])
})

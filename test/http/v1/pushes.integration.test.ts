import { expect, test } from 'vitest'
import { createProducer } from '../../../src/push/producer.ts'
import { pushRecordSchema } from '../../../src/push/recordSchema.ts'
import { startApiWorld } from '../../helpers/apiWorld.ts'

test('a push that is asked for over HTTP is sent, and its record tells so', async () => {
  const { post, get, message, app, ended, simulator } = await startApiWorld()
  await app.startWorker()
  const { status, body } = await post('/v1/pushes', message(1, { id: 'order 42/发货' }), { key: 'push' })
  expect([status, body]).toEqual([202, { id: 'order 42/发货', status: 'queued' }])
  await ended(body.id)
  const shown = await get(`/v1/pushes/${encodeURIComponent(body.id)}`, { key: 'push' })
  expect([shown.status, pushRecordSchema.parse(shown.body).status]).toEqual([200, 'sent'])
  expect(shown.body.openid).toBe(simulator.userAt(1).openid)
})

test('an id is one push: the same again is a duplicate, another content a conflict, queued as well as recorded', async () => {
  const { post, message, app, ended } = await startApiWorld()
  const data = { time2: '2026-11-20 15:01', thing1: '订单已发货' }
  const push = (id: string, n: number, more = {}) => post('/v1/pushes', message(n, { id, ...more }))
  const repeatAll = async () => [
    (await push('a', 1, { data })).body.status,
    (await push('a', 2)).status,
    (await push('a', 1, { url: 'https://example.com/' })).status,
    (await push('b', 2, { sendAt: '2026-01-01T08:00:00+08:00', priority: 5 })).body.status,
    (await push('b', 2, { sendAt: '2026-01-01T00:00:00Z', priority: 5 })).body.status,
    (await push('b', 2, { sendAt: '2026-01-01T00:00:01Z', priority: 5 })).status,
    (await push('b', 2, { sendAt: '2026-01-01T00:00:00Z' })).status,
  ]
  expect((await push('a', 1)).body.status).toBe('queued')
  expect((await push('b', 2, { sendAt: '2026-01-01T00:00:00Z', priority: 5 })).body.status).toBe('queued')
  const told = ['duplicate', 409, 409, 'duplicate', 'duplicate', 409, 409]
  expect(await repeatAll()).toEqual(told)
  await app.startWorker()
  await ended('a', 'b')
  expect(await repeatAll()).toEqual(told)
  const { body } = await push('a', 2)
  expect(body).toMatchObject({ title: 'Conflict', errors: [{ pointer: '/id', message: expect.any(String) }] })
})

test('two that come at the same time with one id are one push', async () => {
  const { post, message, account } = await startApiWorld()
  const bodies = Array.from({ length: 20 }, (_, n) => message(n % 2, { id: 'same' }))
  const answers = await Promise.all(bodies.map((body) => post('/v1/pushes', body)))
  const told = answers.map(({ status, body }) => (status === 202 ? body.status : status))
  expect(told.filter((word) => word === 'queued')).toHaveLength(1)
  expect(told.filter((word) => word === 'duplicate')).toHaveLength(9)
  expect(told.filter((word) => word === 409)).toHaveLength(10)
  const counts = await account.openQueue().run((queue) => queue.getJobCounts())
  expect(counts.waiting).toBe(1)
})

test('Idempotency-Key stands for the id', async () => {
  const { post, message } = await startApiWorld()
  const headers = { 'idempotency-key': Buffer.from('订单 7').toString('latin1') }
  expect((await post('/v1/pushes', message(1), { headers })).body).toEqual({ id: '订单 7', status: 'queued' })
  expect((await post('/v1/pushes', message(1), { headers })).body.status).toBe('duplicate')
  expect((await post('/v1/pushes', message(2), { headers })).status).toBe(409)
  const both = await post('/v1/pushes', message(1, { id: 'another' }), { headers })
  expect([both.status, both.body.errors[0].pointer]).toEqual([400, '/id'])
})

test('what cannot be pushed is refused with a pointer to each fault, and nothing is queued', async () => {
  const { post, message, account } = await startApiWorld()
  const data = { thing1: 'x'.repeat(21), 'a/b~c': 3 }
  const { status, headers, body } = await post('/v1/pushes', message(1, { data, colour: 'red' }))
  expect([status, headers.get('content-type')]).toEqual([400, 'application/problem+json'])
  expect(body.errors).toEqual([
    { pointer: '/colour', message: 'expected no such field, got 3 characters, "red"' },
    { pointer: '/data/thing1', message: expect.stringMatching(/^expected at most 20 characters, got 21/) },
    { pointer: '/data/a~1b~0c', message: 'expected a string or {value: string}, got 3' },
  ])
  const refused = async (text: string, headers = {}) => (await post('/v1/pushes', text, { headers })).status
  expect(await refused('{"unionid":')).toBe(400)
  expect(await refused('[]')).toBe(400)
  expect(await refused('<xml/>', { 'content-type': 'application/xml' })).toBe(415)
  expect(await refused('{}', { 'content-type': 'application/x-ndjson' })).toBe(415)
  expect(await refused('{}', { 'content-encoding': 'gzip' })).toBe(415)
  expect(await refused(JSON.stringify({ url: 'x'.repeat(1024 * 1024) }))).toBe(413)
  const counts = await account.openQueue().run((queue) => queue.getJobCounts())
  expect(counts.waiting).toBe(0)
})

test('a keyword that the listed template asks for is missed before anything is queued', async () => {
  const { post, message, account, simulator } = await startApiWorld()
  const headers = { 'accept-language': 'zh' }
  const short = (id: string) => message(1, { id, data: { thing1: '订单已发货' } })
  await account.refreshTemplates()
  // Who has no database knows no templates, nor does anybody those that are not listed.
  await createProducer([account], account.openQueue).push(short('early'))
  const unlisted = { templateId: 'x'.repeat(43), data: { thing1: '订单已发货' } }
  expect((await post('/v1/pushes', message(3, unlisted))).status).toBe(202)
  const calls = () => simulator.stats().calls['/cgi-bin/template/get_all_private_template']
  const { status, body } = await post('/v1/pushes', short('late'), { headers })
  expect([status, body.errors]).toEqual([
    400,
    [{ pointer: '/data/time2', message: '应为：这个模板必填的内容；实际为：空' }],
  ])
  const pushes = [message(2), short('late')]
  const strict = await post('/v1/pushes/batch', { mode: 'strict', pushes })
  expect([strict.status, strict.body.errors[0].pointer]).toEqual([400, '/pushes/1/data/time2'])
  expect((await post('/v1/pushes/batch', { pushes })).body).toEqual({
    queued: 1,
    duplicates: 0,
    invalid: [{ index: 1, reason: expect.stringContaining('data.time2') }],
  })
  // What is queued already is told as such.
  expect((await post('/v1/pushes', short('early'))).body.status).toBe('duplicate')
  const counts = await account.openQueue().run((queue) => queue.getJobCounts())
  expect(counts.waiting).toBe(3)
  expect(calls()).toBe(2)
})

test('a push is taken back, and one that failed is sent again', async () => {
  const { post, message, app, simulator, ended, account } = await startApiWorld()
  await post('/v1/pushes', message(1, { id: 'back' }))
  const cancelled = await post('/v1/pushes/back/cancel')
  expect([cancelled.status, cancelled.body]).toEqual([200, { id: 'back', status: 'cancelled' }])
  expect((await post('/v1/pushes/nobody/cancel')).status).toBe(404)
  simulator.addFault({ path: '/cgi-bin/message/template/send', action: { errcode: 40165 }, times: 1 })
  await app.startWorker()
  await post('/v1/pushes', message(2, { id: 'failed' }))
  await ended('failed')
  expect((await account.pushes.find('failed'))?.status).toBe('rejected')
  expect((await post('/v1/pushes/failed/retry')).body).toEqual({ retried: 1 })
  await ended('failed')
  expect((await account.pushes.find('failed'))?.status).toBe('sent')
  expect((await post('/v1/pushes/failed/cancel')).body).toEqual({ id: 'failed', status: 'too_late' })
  expect((await post('/v1/pushes/failed/retry')).body).toEqual({ retried: 0 })
  expect((await post('/v1/pushes/nobody/retry')).status).toBe(404)
})

test('with several accounts a push says which, and an id that two of them have is asked about', async () => {
  const { post, get, message, simulator } = await startApiWorld({ names: ['one', 'two'] })
  const [one, two] = simulator.accounts.map(({ templates }) => templates[0]?.templateId)
  const missing = await post('/v1/pushes', message(1))
  expect([missing.status, missing.body.errors[0]]).toEqual([
    400,
    { pointer: '/account', message: 'expected one of one, two, got nothing' },
  ])
  await post('/v1/pushes', message(1, { id: 'x', account: 'one', templateId: one }))
  await post('/v1/pushes', message(1, { id: 'x', account: 'two', templateId: two }))
  const asked = await get('/v1/pushes/x')
  expect([asked.status, asked.body.type]).toEqual([400, 'urn:unionpush:ambiguous_push'])
  expect((await get('/v1/pushes/x?account=two')).body.account).toBe('two')
  expect((await get('/v1/pushes/x?account=three')).status).toBe(400)
  expect((await post('/v1/pause', {})).body.errors[0].message).toBe('one of one, two')
  expect((await post('/v1/pause', { account: 'two', reason: 'why not' })).body).toMatchObject({
    account: 'two',
    paused: { reason: 'manual', detail: 'why not' },
  })
  const { body } = await get('/v1/status')
  expect(body.accounts.map((account: { paused: unknown }) => account.paused === null)).toEqual([true, false])
})

test('a keyword is missed by the last list while WeChat answers with faults', async () => {
  const { post, message, account, simulator } = await startApiWorld()
  await account.refreshTemplates()
  simulator.addFault({ path: '/cgi-bin/template/get_all_private_template', action: { status: 502 } })
  const { status, body } = await post('/v1/pushes', message(1, { data: { thing1: '订单已发货' } }))
  expect([status, body.errors[0].pointer]).toEqual([400, '/data/time2'])
  expect((await post('/v1/pushes', message(2))).status).toBe(202)
})

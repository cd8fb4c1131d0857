import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type ApiWorld, apiKeys, startApiWorld } from '../../helpers/apiWorld.ts'

const waiting = async ({ account }: ApiWorld) =>
  (await account.openQueue().run((queue) => queue.getJobCounts())).waiting

test('the good ones of a batch are queued, the others are told by their position', async () => {
  const world = await startApiWorld()
  const { post, message } = world
  await post('/v1/pushes', message(1, { id: 'before' }))
  const pushes = [
    message(1, { id: 'a' }),
    message(2, { data: { thing1: 'x'.repeat(21) } }),
    message(1, { id: 'a' }),
    'nothing',
    message(3, { id: 'a' }),
    message(1, { id: 'before' }),
    message(2, { id: 'before' }),
    message(4),
  ]
  const { status, body } = await post('/v1/pushes/batch', { pushes }, { key: 'push' })
  const other = 'id: there is a push with this id and another content'
  expect([status, body]).toEqual([
    202,
    {
      queued: 2,
      duplicates: 2,
      invalid: [
        { index: 1, reason: expect.stringContaining('data.thing1: expected at most 20 characters') },
        { index: 3, reason: expect.stringContaining('message: expected a message') },
        { index: 4, reason: other },
        { index: 6, reason: other },
      ],
    },
  ])
  expect(await waiting(world)).toBe(3)
})

test('of a strict batch all or nothing is queued', async () => {
  const world = await startApiWorld()
  const { post, message } = world
  const strict = (pushes: unknown[]) => post('/v1/pushes/batch', { mode: 'strict', pushes })
  const bad = message(1, { data: { thing1: 'x'.repeat(21), time2: '15:01' } })
  const refused = await strict([message(1), message(2), message(3), bad])
  expect([refused.status, refused.body.errors]).toEqual([
    400,
    [{ pointer: '/pushes/3/data/thing1', message: expect.any(String) }],
  ])
  await post('/v1/pushes', message(1, { id: 'known' }))
  const known = await strict([message(4), message(2, { id: 'known' })])
  expect([known.status, known.body.errors]).toEqual([
    409,
    [{ pointer: '/pushes/1/id', message: expect.any(String) }],
  ])
  const twice = await strict([message(1, { id: 'two' }), message(2, { id: 'two' })])
  expect([twice.status, twice.body.errors[0].pointer]).toEqual([409, '/pushes/1/id'])
  expect(await waiting(world)).toBe(1)
  const good = await strict([message(1, { id: 'known' }), message(5)])
  expect(good.body).toEqual({ queued: 1, duplicates: 1, invalid: [] })
})

test('a batch has at most 1,000 pushes and 10 MB, and counts as one request', async () => {
  const { post, message } = await startApiWorld({ synced: false })
  const batch = (count: number) => ({ pushes: Array.from({ length: count }, () => message(1)) })
  const most = await post('/v1/pushes/batch', batch(1_000))
  expect([most.status, most.body.queued, most.headers.get('ratelimit-remaining')]).toEqual([
    202,
    1_000,
    '599',
  ])
  const more = await post('/v1/pushes/batch', batch(1_001))
  expect([more.status, more.body.errors[0].pointer]).toEqual([400, '/pushes'])
  expect((await post('/v1/pushes/batch', { pushes: [] })).status).toBe(400)
  const large = await post('/v1/pushes/batch', {
    pushes: [message(1, { url: 'x'.repeat(11 * 1024 * 1024) })],
  })
  expect([large.status, large.body.detail]).toEqual([413, 'the body has more than 10 MB'])
})

const ndjson = { 'content-type': 'application/x-ndjson; charset=utf-8' }

test('lines are queued one by one, blank ones not counted, bad ones told', async () => {
  const { post, message } = await startApiWorld({ synced: false })
  const lines = [
    `\ufeff${JSON.stringify(message(1, { id: 'l1' }))}\r`,
    '',
    '{"unionid":',
    JSON.stringify(message(1, { data: { thing1: 'x'.repeat(70_000) } })),
    '  ',
    JSON.stringify(message(2, { id: 'l1' })),
    JSON.stringify(message(1, { id: 'l1' })),
    JSON.stringify(message(3)),
  ]
  const { status, body } = await post('/v1/pushes/batch', lines.join('\n'), { headers: ndjson })
  expect([status, body]).toEqual([
    202,
    {
      queued: 2,
      duplicates: 1,
      invalid: [
        { index: 1, reason: 'the line is not JSON' },
        { index: 2, reason: 'the line is longer than 64 KB' },
        { index: 3, reason: 'id: there is a push with this id and another content' },
      ],
    },
  ])
})

/** A request whose body is written bit by bit. */
function open(world: ApiWorld, type = 'application/x-ndjson') {
  const sent = request(`${world.url}/v1/pushes/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKeys.operate}`, 'content-type': type },
  })
  sent.on('error', () => {})
  return sent
}

test('a stream may take longer than any other request, and what came is queued before it ends', async () => {
  const world = await startApiWorld({ synced: false })
  const sent = open(world)
  const lines = (count: number) => `${JSON.stringify(world.message(1))}\n`.repeat(count)
  sent.write(lines(600))
  await expect.poll(() => waiting(world), { timeout: 10_000 }).toBe(500)
  await sleep(6_500)
  sent.end(lines(1))
  const [response] = await once(sent, 'response')
  expect(response.statusCode).toBe(202)
  response.resume()
  expect(await waiting(world)).toBe(601)
}, 60_000)

test('what is no stream has to arrive within 5 s', async () => {
  const world = await startApiWorld({ synced: false })
  const sent = open(world, 'application/json')
  const started = performance.now()
  sent.write('{"pushes":')
  const [response] = await once(sent, 'response')
  expect(response.statusCode).toBe(408)
  expect(JSON.parse(await text(response))).toMatchObject({ type: 'urn:unionpush:too_slow', status: 408 })
  expect(performance.now() - started).toBeLessThan(12_000)
}, 60_000)

test('a stream of nothing but faults is not read to its end', async () => {
  const { post } = await startApiWorld({ synced: false })
  const { status, body } = await post('/v1/pushes/batch', 'x\n'.repeat(60_000), { headers: ndjson })
  expect([status, body.type, body.errors.length]).toEqual([400, 'urn:unionpush:too_many_invalid', 100])
})

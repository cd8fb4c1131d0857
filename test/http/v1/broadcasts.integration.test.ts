import { expect, test } from 'vitest'
import { broadcastSchema } from '../../../src/operations/broadcasts/broadcasts.ts'
import { createOnce } from '../../../src/operations/broadcasts/createOnce.ts'
import { type ApiWorld, apiKeys, startApiWorld } from '../../helpers/apiWorld.ts'

const ndjson = { 'content-type': 'application/x-ndjson' }

function toInput({ message }: ApiWorld, more: Record<string, unknown> = {}) {
  const { templateId, data } = message(1)
  return { templateId, data, audience: { all: true }, ...more }
}

async function untilFinished({ get }: ApiWorld, id: string): Promise<unknown> {
  const status = async () => (await get(`/v1/broadcasts/${id}`)).body.status
  await expect.poll(status, { timeout: 20_000, interval: 50 }).toBe('finished')
  return (await get(`/v1/broadcasts/${id}`)).body
}

test('a broadcast to all is created, sent, listed, and too late to be stopped', async () => {
  const world = await startApiWorld({ simulator: { followers: 8 } })
  const { get, post, app } = world
  const plan = await post('/v1/broadcasts', toInput(world, { dryRun: true }))
  expect([plan.status, plan.body]).toMatchObject([200, { selected: 8, sendable: 8, invalid: [] }])
  expect((await get('/v1/broadcasts')).body).toEqual({ items: [] })

  const created = await post('/v1/broadcasts', toInput(world, { name: 'all' }))
  expect([created.status, created.body]).toMatchObject([201, { name: 'all', invalid: [] }])
  const { id } = created.body
  await app.startWorker()
  const finished = broadcastSchema.parse(await untilFinished(world, id))
  expect(finished.counts).toMatchObject({ selected: 8, sent: 8 })
  expect((await get('/v1/broadcasts', { key: 'view' })).body.items).toMatchObject([
    { id, status: 'finished' },
  ])
  for (const verb of ['pause', 'resume', 'cancel']) {
    const { status, body } = await post(`/v1/broadcasts/${id}/${verb}`)
    expect([status, body.type]).toEqual([409, 'urn:unionpush:broadcast_over'])
    const unknown = await post(`/v1/broadcasts/unknown/${verb}`)
    expect([unknown.status, unknown.body.type]).toEqual([404, 'urn:unionpush:unknown_broadcast'])
  }
  expect((await get('/v1/broadcasts/unknown')).status).toBe(404)
  expect((await post(`/v1/broadcasts/${id}/retry`)).body).toEqual({ retried: 0 })

  const ids: string[] = []
  for (let cursor = ''; ; ) {
    const { body } = await get(`/v1/pushes?broadcast=${id}&limit=3${cursor}`)
    ids.push(...body.items.map((item: { id: string }) => item.id))
    if (body.next === null) break
    cursor = `&cursor=${body.next}`
  }
  expect(new Set(ids).size).toBe(8)
  expect(ids).toHaveLength(8)
  expect((await get(`/v1/pushes/${encodeURIComponent(ids[0] ?? '')}`)).body.broadcast).toBe(id)
}, 60_000)

test('with an Idempotency-Key it is one broadcast however often it is asked for', async () => {
  const world = await startApiWorld({ simulator: { followers: 5 } })
  const { get, post, ask } = world
  const create = (more: object, key: string) =>
    post('/v1/broadcasts', toInput(world, { name: 'sale', startAt: '2099-01-01T00:00:00Z', ...more }), {
      headers: { 'idempotency-key': key },
    })
  const answers = await Promise.all([1, 2, 3].map(() => create({}, 'sale-1')))
  // Who comes while it is being written is told so.
  const statuses = answers.map(({ status }) => status)
  expect(statuses.filter((status) => status === 201)).toHaveLength(1)
  expect(statuses.filter((status) => ![200, 201, 409].includes(status))).toEqual([])
  const { data } = toInput(world)
  const reversed = Object.fromEntries(Object.entries(Object(data)).reverse())
  const again = await create({ data: reversed }, '"sale-1"')
  const { id } = answers.find(({ status }) => status === 201)?.body ?? {}
  expect([again.status, again.body.id]).toEqual([200, id])
  const other = await create({ canary: '1%' }, 'sale-1')
  expect([other.status, other.body.type]).toEqual([409, 'urn:unionpush:broadcast_differs'])
  expect((await create({}, 'sale-2')).status).toBe(201)
  expect((await get('/v1/broadcasts')).body.items).toHaveLength(2)

  const query = new URLSearchParams({
    templateId: String(toInput(world).templateId),
    data: JSON.stringify(data),
  })
  const path = `/v1/broadcasts?${query}`
  const headers = { ...ndjson, 'idempotency-key': 'rows' }
  const rows = () => ask('POST', path, { body: '{"openid":"o1"}\n', headers })
  const body = new ReadableStream({
    start(stream) {
      stream.enqueue(Buffer.from('{"openid":"o1"}\n'))
      setTimeout(() => stream.error(new Error('broken off')), 100)
    },
  })
  const authorization = `Bearer ${apiKeys.operate}`
  const request = { method: 'POST', body, duplex: 'half' as const, headers: { ...headers, authorization } }
  await expect(fetch(world.url + path, request)).rejects.toThrow()
  // What breaks off leaves the key free.
  await expect.poll(async () => (await rows()).status, { timeout: 20_000 }).toBe(201)
  expect((await rows()).status).toBe(200)
})

test('what a killed server left of a broadcast is written anew once it is not heard of any more', async () => {
  const { account, message } = await startApiWorld({ synced: false })
  const { broadcasts, leases } = account
  const { templateId = '', data } = message(1)
  const input = { templateId, data, audience: { rows: [{ openid: 'o1' }] } }
  const left = await broadcasts.draft({
    ...{ id: 'b1', name: null, templateId, message: '{}', audience: { kind: 'file', name: 'rows' } },
    ...{ rate: null, window: null, canaryShare: null, maxFailures: 0.2 },
    ...{ createdAt: Date.now(), startAt: null, expiresAt: null },
  })
  await leases.acquire('create b1', 'killed', 300)
  const [one, other] = await Promise.all([1, 2].map(() => createOnce(account, input, 'en', 'b1')))
  expect([one, other].map((answer) => Object.keys(answer ?? {}).join()).sort()).toEqual([
    'created',
    'existing',
  ])
  expect((await broadcasts.find('b1'))?.selected).toBe(1)
  const row = { status: 'running', selected: 0, isFilled: true, canarySize: null } as const
  expect(await broadcasts.publish(left, row)).toBe(false)
})

test('rows are streamed, with the rest in the query, and bad ones are told by their line', async () => {
  const world = await startApiWorld({ simulator: { followers: 5 } })
  const { post, simulator, app } = world
  const { templateId } = world.message(1)
  const query = new URLSearchParams({
    templateId: String(templateId),
    data: JSON.stringify({ thing1: '{{name}}', time2: '2026-11-20 15:01' }),
    name: 'rows',
  })
  const rows = [
    JSON.stringify({ unionid: simulator.userAt(0).unionid, name: '小明' }),
    'no JSON',
    JSON.stringify({ openid: simulator.userAt(1).openid, name: '小红' }),
    JSON.stringify({ openid: simulator.userAt(2).openid }),
  ]
  const send = (more: string) => post(`/v1/broadcasts?${query}${more}`, rows.join('\n'), { headers: ndjson })
  const plan = await send('&dryRun=true')
  expect([plan.status, plan.body.selected, plan.body.samples[0].data.thing1]).toEqual([200, 2, '小明'])
  const { status, body } = await send('')
  expect([status, body.invalid.map(({ line }: { line: number }) => line)]).toEqual([201, [2, 4]])
  await app.startWorker()
  await untilFinished(world, body.id)
  const sent = [...simulator.accepted()].map(({ data }) => data.thing1)
  expect(sent.toSorted()).toEqual(['小明', '小红'].toSorted())
}, 60_000)

test('what cannot be broadcast is refused with pointers, and no path of the server is read', async () => {
  const world = await startApiWorld({ synced: false })
  const refused = async (more: Record<string, unknown>, headers = {}) => {
    const { status, body } = await world.post('/v1/broadcasts', toInput(world, more), { headers })
    return [status, body.errors.map(({ pointer }: { pointer: string }) => pointer)]
  }
  expect(await refused({ audience: { file: '/etc/passwd.csv' } })).toEqual([400, ['/audience/file']])
  expect(await refused({ data: { thing1: 'x'.repeat(21) } })).toEqual([400, ['/data/thing1']])
  expect(await refused({ colour: 1, window: 'always' })).toEqual([400, ['/colour']])
  // As every recipient would be, without a call.
  await world.account.refreshTemplates()
  const incomplete = { data: { thing1: '订单已发货' } }
  expect(await refused(incomplete)).toEqual([400, ['/data/time2']])
  expect(await refused({ ...incomplete, dryRun: true })).toEqual([400, ['/data/time2']])
  expect(await refused({ window: 'always' })).toEqual([400, ['/window']])
  expect(
    (await world.post('/v1/broadcasts', '{}\n', { headers: ndjson })).body.errors.length,
  ).toBeGreaterThan(0)
  expect((await world.post('/v1/broadcasts', toInput(world), { key: 'view' })).status).toBe(403)
  expect((await world.get('/v1/broadcasts')).body.items).toEqual([])
})

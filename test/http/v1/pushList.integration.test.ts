import { expect, test } from 'vitest'
import type { PushRow } from '../../../src/db/pushes.ts'
import { toNewRow } from '../../../src/sending/processor/pushRow.ts'
import { type ApiAnswer, type ApiWorld, startApiWorld } from '../../helpers/apiWorld.ts'
import { createTestSchema, hasPostgres } from '../../helpers/postgres.ts'

const databases = ['SQLite', ...((await hasPostgres()) ? ['PostgreSQL'] : [])]

function createRows({ account, appid, simulator }: ApiWorld) {
  let serial = 0
  return async (more: Partial<PushRow> = {}): Promise<string> => {
    serial += 1
    const id = more.id ?? `p${String(serial).padStart(4, '0')}`
    const { unionid = '' } = simulator.userAt(serial % 10)
    const push = { v: 1 as const, id, unionid, templateId: 't1', data: {}, createdAt: 1_000 + serial }
    const row = toNewRow(more.appid ?? appid, push, { jobId: id, data: push, timestamp: 0, starts: 1 })
    const delivered = { status: 'delivered', finishedAt: 2_000, sentAt: 1_500 } as const
    await account.runtime.database.pushes(more.appid ?? appid).add({ ...row, ...delivered, ...more, id })
    return id
  }
}

async function readAll(get: ApiWorld['get'], query: string): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const { status, body } = await get(`/v1/pushes?${query}${cursor === '' ? '' : `&cursor=${cursor}`}`)
    expect(status).toBe(200)
    ids.push(...body.items.map((item: { id: string }) => item.id))
    cursor = body.next
  }
  return ids
}

test('pages come newest first, and neither repeat nor skip while pushes arrive', async () => {
  const world = await startApiWorld({ synced: false })
  const add = createRows(world)
  const old: string[] = []
  for (let n = 0; n < 25; n += 1) old.push(await add({ createdAt: 1_000 + Math.floor(n / 4) }))
  const ids: string[] = []
  let cursor = ''
  for (let page = 0; page < 5; page += 1) {
    const { body } = await world.get(`/v1/pushes?limit=5${cursor}`)
    ids.push(...body.items.map((item: { id: string }) => item.id))
    cursor = `&cursor=${body.next}`
    expect(body.next === null).toBe(page === 4)
    await add({ createdAt: 9_000 + page })
  }
  expect(ids).toEqual(old.toReversed())
})

test('pages of several accounts are one list, also where ids and times are the same', async () => {
  const world = await startApiWorld({ names: ['one', 'two'], synced: false })
  const add = createRows(world)
  const [one = '', two = ''] = world.simulator.accounts.map(({ appid }) => appid)
  for (let n = 0; n < 12; n += 1) {
    await add({
      appid: n % 2 ? one : two,
      id: `同${Math.floor(n / 2)}`,
      createdAt: 1_000 + Math.floor(n / 6),
    })
  }
  const all = await readAll(world.get, 'limit=1')
  expect(all).toHaveLength(12)
  expect(await readAll(world.get, 'limit=100')).toEqual(all)
  expect(await readAll(world.get, 'limit=5&account=two')).toHaveLength(6)
})

test('each filter finds its pushes', async () => {
  const world = await startApiWorld()
  const add = createRows(world)
  const { openid, unionid = '' } = world.simulator.userAt(3)
  const own = await add({ unionid, openid, createdAt: 5_000 })
  const named = await add({ unionid: null, openid, createdAt: 5_001 })
  const stranger = await add({ unionid: 'another', openid: 'o-another', templateId: 't2', createdAt: 5_002 })
  const failed = await add({ status: 'rejected', reason: 'data_invalid', createdAt: 5_003, unionid: 'x' })
  const review = await add({
    status: 'sent',
    reason: 'in_review',
    msgid: '4398127623894612001',
    createdAt: 5_004,
  })
  const list = (query: string) => readAll(world.get, `limit=2&${query}`)
  expect(await list(`unionid=${unionid}`)).toContain(own)
  expect(await list(`openid=${openid}`)).toEqual([named, own])
  expect(await list('template=t2')).toEqual([stranger])
  expect(await list('status=rejected')).toEqual([failed])
  expect(await list('reason=data_invalid')).toEqual([failed])
  expect(await list('reason=in_review')).toEqual([review])
  expect(await list('msgid=4398127623894612001')).toEqual([review])
  expect(await list('msgid=1')).toEqual([])
  expect(await list('since=1970-01-01T00:00:05.002Z&until=1970-01-01T08:00:05.004%2B08:00')).toEqual([
    failed,
    stranger,
  ])
  expect(await list('since=1970-01-01T08:00:05.004+08:00')).toEqual([review])
})

test.each(databases)('what waits is listed by its status, page by page, from %s', async (database) => {
  const env = database === 'SQLite' ? {} : { DATABASE_URL: (await createTestSchema()).url }
  const world = await startApiWorld({ env })
  const ids: string[] = []
  for (let n = 0; n < 7; n += 1) {
    const more = n % 2 ? { sendAt: Date.now() + 60_000 } : { priority: n }
    const { body } = await world.post('/v1/pushes', world.message(n % 3, more))
    ids.push(body.id)
  }
  expect((await readAll(world.get, 'limit=2&status=queued')).toSorted()).toEqual(ids.toSorted())
  expect(await readAll(world.get, `status=queued&unionid=${world.simulator.userAt(1).unionid}`)).toHaveLength(
    2,
  )
  expect(await readAll(world.get, '')).toEqual([])
})

test('a parameter that is none, or cannot be, is refused by name', async () => {
  const { get } = await startApiWorld({ synced: false })
  const refused = async (query: string) => {
    const { status, body } = await get(`/v1/pushes?${query}`)
    return [status, body.errors?.[0].pointer]
  }
  expect(await refused('colour=red')).toEqual([400, '/colour'])
  expect(await refused('status=gone')).toEqual([400, '/status'])
  expect(await refused('limit=0')).toEqual([400, '/limit'])
  expect(await refused('limit=501')).toEqual([400, '/limit'])
  expect(await refused('since=yesterday')).toEqual([400, '/since'])
  expect(await refused('cursor=abc')).toEqual([400, '/cursor'])
  expect(await refused('status=sent&status=queued')).toEqual([400, '/status'])
  const { status, body } = await get('/v1/pushes?broadcast=b1')
  expect([status, body.detail]).toEqual([404, expect.stringContaining('b1')])
})

test('a parameter is refused too where there is none, and text that no database keeps', async () => {
  const { get, post, message } = await startApiWorld({ synced: false })
  const named = ({ status, body }: ApiAnswer) => [status, body.errors?.[0]?.pointer]
  expect(named(await post('/v1/pushes?account=other', message(1)))).toEqual([400, '/account'])
  const headers = { 'content-type': 'application/x-ndjson' }
  const strict = await post('/v1/pushes/batch?mode=strict', JSON.stringify(message(1)), { headers })
  expect(named(strict)).toEqual([400, '/mode'])
  expect(named(await get('/v1/pushes?unionid=%00'))).toEqual([400, '/unionid'])
  expect(named(await get('/v1/pushes/a%00'))).toEqual([400, '/id'])
  expect(named(await post('/v1/pushes/a%00/cancel'))).toEqual([400, '/id'])
  expect(named(await get('/v1/followers/%00'))).toEqual([400, '/unionid'])
  expect(named(await post('/v1/pause', { reason: 'a\0' }))).toEqual([400, '/reason'])
  expect(named(await post('/v1/pause', { reason: 'a\ud800' }))).toEqual([400, '/reason'])
  expect((await get('/v1/pushes?status=queued')).body.items).toEqual([])
})

test('what failed is sent again by status or reason, and never all without being asked', async () => {
  const world = await startApiWorld()
  const add = createRows(world)
  await add({ status: 'rejected', reason: 'data_invalid' })
  await add({ status: 'rejected', reason: 'template_invalid' })
  await add({ status: 'undelivered', reason: 'system_failed' })
  await add({})
  const retry = async (body: unknown) => {
    const { status, body: answer } = await world.post('/v1/pushes/retry', body)
    return status === 200 ? answer.retried : [status, answer.errors?.[0].pointer]
  }
  expect(await retry({})).toEqual([400, '/status'])
  expect(await retry({ unionid: 'x' })).toEqual([400, '/status'])
  expect(await retry({ status: 'delivered' })).toEqual([400, '/status'])
  expect(await retry({ reason: 'template_invalid' })).toBe(1)
  expect(await retry({ status: 'rejected', until: '1970-01-01T00:00:00Z' })).toBe(0)
  expect(await retry({ status: 'rejected', account: world.appid })).toBe(1)
  expect(await retry({ status: 'undelivered', template: 't1' })).toBe(1)
  expect(await retry({ status: 'undelivered' })).toBe(0)
})

test('in parts each that failed is sent again once, also when it fails again before the next part', async () => {
  const world = await startApiWorld({ names: ['one', 'two'], synced: false })
  const add = createRows(world)
  const [one = '', two = ''] = world.simulator.accounts.map(({ appid }) => appid)
  const ends = [
    { status: 'rejected', reason: 'template_invalid' },
    { status: 'unknown', reason: 'retries_exhausted' },
    { status: 'undelivered', reason: 'system_failed' },
  ] as const
  for (let n = 0; n < 30; n += 1) {
    const end = { ...ends[n % 3], detail: null }
    await add({ appid: n % 2 ? one : two, createdAt: 1_000 + Math.floor(n / 12), ...end })
  }
  await add({ id: 'fine', appid: one })
  const rows = async () => {
    const all = await Promise.all(world.app.accounts().map(({ pushes }) => collect(pushes.history())))
    return all.flat()
  }
  const seen: number[] = []
  let cursor: string | null = null
  do {
    const { status, body } = await world.post('/v1/pushes/retry', {
      reason: 'template_invalid',
      until: '1970-01-01T00:00:01.001Z',
      ...{ cursor, limit: 1 },
    })
    expect([status, body.errors]).toEqual([200, undefined])
    seen.push(body.retried)
    cursor = body.next
    for (const row of (await rows()).filter(({ status }) => status === 'queued')) {
      const { pushes } = world.app.accounts().find(({ appid }) => appid === row.appid) ?? world.account
      await pushes.record({ ...row, status: 'rejected', reason: 'template_invalid', finishedAt: 3_000 })
    }
  } while (cursor !== null)
  expect(seen).toEqual([1, 1, 1, 1])
  const resent = (await rows()).filter(({ generation }) => generation > 0)
  expect(resent.map(({ generation, reason }) => [generation, reason])).toEqual(
    Array.from({ length: 4 }, () => [1, 'template_invalid']),
  )
  const refused = await world.post('/v1/pushes/retry', { status: 'rejected', cursor: 'abc' })
  expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/cursor'])
})

async function collect<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of list) items.push(item)
  return items
}

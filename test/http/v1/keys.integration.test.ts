import { expect, test } from 'vitest'
import { apiKeys, startApiWorld } from '../../helpers/apiWorld.ts'

test('without keys there is no API', async () => {
  const { get } = await startApiWorld({ env: { HTTP_API_KEYS: '' }, synced: false })
  expect((await get('/v1/status')).status).toBe(404)
})

test('a key opens what its role may do, and nothing else', async () => {
  const { get, post } = await startApiWorld({ synced: false })
  const ask = async (key: 'push' | 'view' | 'operate') => [
    (await get('/v1/pushes/nobody', { key })).status,
    (await get('/v1/status', { key })).status,
    (await post('/v1/pause', {}, { key })).status,
  ]
  expect(await ask('push')).toEqual([404, 403, 403])
  expect(await ask('view')).toEqual([404, 200, 403])
  expect(await ask('operate')).toEqual([404, 200, 200])
  expect((await get('/v1/status', { key: 'push' })).body).toEqual({
    type: 'urn:unionpush:role',
    title: 'Forbidden',
    status: 403,
    detail: 'the key pusher has the role push, and this needs view, operate',
    errors: [],
  })
})

test('no key and an unknown one are told how to come, also where there is nothing', async () => {
  const { get, log: _, lines } = await startApiWorld({ synced: false })
  const none = await get('/v1/status', { key: null })
  const wrong = await get('/v1/nothing', { key: 'somebody-elses-key-0123456789' })
  for (const { status, headers, body } of [none, wrong]) {
    expect([status, headers.get('www-authenticate'), body.status]).toEqual([401, 'Bearer', 401])
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
  }
  const { status, body } = await get('/v1/nothing?a=1')
  expect([status, body.detail]).toEqual([404, expect.stringContaining('GET /v1/nothing;')])
  expect(JSON.stringify(lines)).not.toContain(apiKeys.operate)
})

test('whoever sends 20 unknown keys within a minute waits, and whoever has a key does not', async () => {
  const { get } = await startApiWorld({ synced: false })
  const key = (n: number) => `guess-${String(n).padStart(24, '0')}`
  for (let n = 0; n < 20; n += 1) expect((await get('/v1/status', { key: key(n) })).status).toBe(401)
  const { status, headers } = await get('/v1/status', { key: key(20) })
  expect(status).toBe(429)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  const elsewhere = { 'x-forwarded-for': '203.0.113.7' }
  expect((await get('/v1/status', { key: key(21), headers: elsewhere })).status).toBe(401)
  expect((await get('/v1/status')).status).toBe(200)
})

test('a key has 600 requests a minute, and each answer says how many are left', async () => {
  const { get } = await startApiWorld({ synced: false })
  const { headers } = await get('/v1/pushes/nobody', { key: 'view' })
  expect([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual(['600', '599'])
  expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(0)
  for (let left = 599; left > 0; left -= 50) {
    await Promise.all(Array.from({ length: Math.min(left, 50) }, () => get('/v1/nothing', { key: 'view' })))
  }
  const { status, headers: last, body } = await get('/v1/status', { key: 'view' })
  expect([status, body.detail]).toEqual([429, expect.stringMatching(/viewer has made 600 requests/)])
  expect(Number(last.get('retry-after'))).toBeGreaterThan(0)
  expect((await get('/v1/status')).status).toBe(200)
})

test('what went wrong is said in the language that the caller reads', async () => {
  const { get } = await startApiWorld({ synced: false })
  const detail = async (language: string) => {
    const { headers, body } = await get('/v1/pushes/p1', { headers: { 'accept-language': language } })
    return [headers.get('content-language'), body.detail]
  }
  expect(await detail('zh-CN,zh;q=0.9,en;q=0.8')).toEqual(['zh', '没有 id 为 p1 的推送'])
  expect(await detail('en-GB;q=0.9, zh;q=0.5')).toEqual(['en', 'no push with the id p1 is known'])
  expect(await detail('fr')).toEqual(['en', 'no push with the id p1 is known'])
})

test('what is wrong in a field is said in that language too, also by the lines of a batch', async () => {
  const { get, post, message } = await startApiWorld({ synced: false })
  const headers = { 'accept-language': 'zh' }
  const messagesOf = ({ errors }: { errors: { message: string }[] }) => errors.map(({ message }) => message)
  const bad = message(1, { data: { thing1: '' }, sendAt: 'soon', color: 1 })
  const { body } = await post('/v1/pushes', bad, { headers })
  expect(messagesOf(body).sort()).toEqual([
    '应为：不为空的内容；实际为：0 个字，""',
    '应为：带时区的 ISO 8601 时间（如 2026-11-20T15:01:00+08:00）、毫秒时间戳或 Date；实际为：4 个字，"soon"',
    '应为：没有这个字段；实际为：1',
  ])
  expect(body.detail).toContain('/data/thing1：应为：不为空的内容')
  const batch = await post(
    '/v1/pushes/batch',
    { pushes: [message(1, { data: { thing1: '' } })] },
    { headers },
  )
  expect(batch.body.invalid).toEqual([
    { index: 0, reason: 'data.thing1（实际为：0 个字，""）应为：不为空的内容' },
  ])
  const page = await get('/v1/pushes?limit=x&cursor=x&since=x&more=1', { headers })
  expect(page.status).toBe(400)
  expect(messagesOf(page.body).join()).not.toMatch(/\p{L}{2,} \p{L}{2,} \p{L}{2,}/u)
  expect(messagesOf((await get('/v1/pushes?limit=x')).body)).toEqual(['expected a number'])
  const problems = await Promise.all(
    [
      'pushes?limit=0',
      'pushes?limit=501',
      'pushes?limit=1.5',
      'doctor?checks=a&checks=b',
      'outcomes?bucket=week',
    ].map((path) => get(`/v1/${path}`, { headers })),
  )
  expect(problems.flatMap(({ body }) => messagesOf(body))).toEqual([
    '应为：不小于 1',
    '应为：不大于 500',
    '应为：整数',
    '应为：字符串',
    '应为：minute, hour, day 之一',
  ])
  for (const [pushes, fault] of [
    [[], '应为：至少 1 项'],
    ['x', '应为：数组'],
    [Array(1_001).fill(1), '应为：最多 1000 项'],
  ]) {
    expect(messagesOf((await post('/v1/pushes/batch', { pushes }, { headers })).body)).toEqual([fault])
  }
  const long = await get('/v1/outcomes?bucket=minute&since=2026-11-01T00:00:00Z&until=2026-11-03T00:00:00Z', {
    headers,
  })
  expect(messagesOf(long.body).join()).toMatch(/^一共 2,880 段/)
})

import { expect, test } from 'vitest'
import { startApiWorld } from '../../helpers/apiWorld.ts'
import { createRedisServer } from '../../helpers/redisServer.ts'

test('while the queue is away pushes are refused within seconds, and what the table knows is told', async () => {
  const redis = await createRedisServer()
  await redis.start()
  const { post, get, message } = await startApiWorld({ env: { REDIS_URL: redis.url } })
  expect((await post('/v1/pushes', message(1, { id: 'before' }))).status).toBe(202)
  await redis.kill()
  const started = performance.now()
  const { status, headers, body } = await post('/v1/pushes', message(2), {
    headers: { 'accept-language': 'zh' },
  })
  expect([status, body.type, headers.get('retry-after')]).toEqual([503, 'urn:unionpush:queue_away', '5'])
  expect(body.detail).toMatch(/^队列连不上/)
  expect(performance.now() - started).toBeLessThan(8_000)
  expect((await post('/v1/pushes/batch', { pushes: [message(1)] })).status).toBe(503)
  expect((await get('/v1/pushes')).status).toBe(200)
  expect((await get('/v1/status')).body.accounts[0].queue).toBeNull()
  for (const [language, queued, unclear] of [
    ['en', 'queued', 'failed on the way, it may have been made'],
    ['zh', '已入队', '中途出错，不确定是否已生效'],
  ] as const) {
    const { body } = await get('/v1/audit', { headers: { 'accept-language': language } })
    const kept = body.items.map(
      ({ action, target, detail }: Record<string, unknown>) => `${action} ${target} ${detail}`,
    )
    expect(kept).toEqual([`push.batch null ${unclear}`, `push null ${unclear}`, `push before ${queued}`])
  }
}, 60_000)

test('while the database is away what needs it is refused', async () => {
  const { post, get, message, account } = await startApiWorld({ synced: false })
  await account.runtime.database.close()
  const { status, body } = await get('/v1/status')
  expect([status, body.type]).toEqual([503, 'urn:unionpush:database_away'])
  expect((await post('/v1/pushes', message(1, { id: 'a' }))).status).toBe(503)
  const counts = await account.openQueue().run((queue) => queue.getJobCounts())
  expect(counts.waiting).toBe(0)
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

async function ask(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const patience = { timeout: 60_000, interval: 100 }

test('a worker alone answers before its queue is there, and tells whether it is', async () => {
  const world = await startCliWorld()
  const redis = await createRedisServer()
  const worker = world.start(['worker'], { METRICS_PORT: '0', REDIS_URL: redis.url })
  await worker.waitFor(/health is served/)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(worker.stderr())?.[0] ?? ''
  expect(await ask(`${url}/readyz`)).toMatchObject({ status: 503, body: { queue: 'away', database: 'ok' } })
  expect(await ask(`${url}/healthz`)).toEqual({ status: 200, body: { ok: true } })

  await redis.start()
  await vi.waitUntil(async () => (await ask(`${url}/readyz`)).status === 200, patience)
  await redis.kill()
  await vi.waitUntil(async () => (await ask(`${url}/readyz`)).body.queue === 'away', patience)
  expect((await ask(`${url}/healthz`)).status).toBe(200)
}, 120_000)

test('an account that WeChat refuses makes the process not ready, and one that is paused by hand does not', async () => {
  const world = await startCliWorld()
  const cron = await world.service('cron', { METRICS_PORT: '0' })
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(cron.stderr())?.[0] ?? ''
  await world.json(['pause'])
  await vi.waitUntil(
    async () => JSON.stringify((await ask(`${url}/readyz`)).body).includes('manual'),
    patience,
  )
  expect((await ask(`${url}/readyz`)).status).toBe(200)

  const stranger = await world.service('cron', {
    METRICS_PORT: '0',
    WECHAT_SECRET: 'wrong',
    DATA_DIR: './other',
  })
  const other = /http:\/\/127\.0\.0\.1:\d+/.exec(stranger.stderr())?.[0] ?? ''
  expect(await ask(`${other}/readyz`)).toMatchObject({ status: 503, body: { accounts: [{ token: 'away' }] } })
}, 120_000)

test('a server answers on its own port, and a port that is taken is named', async () => {
  const world = await startCliWorld()
  const serve = await world.service('serve', { HTTP_PORT: '0', WECHAT_CALLBACK_TOKEN: 'token' })
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(serve.stderr())?.[0] ?? ''
  expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 })
  expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200, body: { queue: 'ok', database: 'ok' } })

  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  onTestFinished(() => void taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const { code, stderr } = await world.run(['worker'], { METRICS_PORT: `${port}` })
  expect([code, stderr]).toEqual([1, expect.stringContaining('set HTTP_HOST and METRICS_PORT')])
}, 120_000)

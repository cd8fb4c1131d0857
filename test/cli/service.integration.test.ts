import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000 })

const sendPath = '/cgi-bin/message/template/send'
const soon = { timeout: 60_000, interval: 20 }

test('start needs no server: it syncs, hosts the queue, sends, and ends in good order on SIGTERM', async () => {
  const world = await startCliWorld({ queue: 'embedded' })
  const service = await world.service('start')
  await vi.waitUntil(() => world.simulator.stats().batchgetOpenids === 20, soon)
  const record = await world.json(world.push(0, '--wait'))
  expect(record).toMatchObject({ status: 'sent' })
  const { accounts, queueBackend } = await world.json(['status'])
  expect(queueBackend).toBe('embedded')
  expect(accounts[0]).toMatchObject({ queue: { waiting: 0, failed: 0 }, lastSync: { status: 'complete' } })
  service.child.kill('SIGTERM')
  expect(await service.ended).toMatchObject({ code: 0, stdout: '' })
  expect(service.stderr()).toMatch(/"msg":"stopped"\}\n$/)
})

test('serve with nothing to serve names what may be set, as one problem', async () => {
  const world = await startCliWorld()
  const { code, stderr } = await world.run(['serve'])
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /1 problem in the configuration\n +WECHAT_CALLBACK_TOKEN: .+ or WECHAT_MINIPROGRAM_APPID/,
  )
})

test('the first signal lets the worker finish what is under way', async () => {
  const world = await startCliWorld()
  await world.sync()
  const worker = await world.service('worker')
  world.simulator.addFault({ path: sendPath, action: { delayMs: 1_500 } })
  await world.queuePushes({ slow: 0 })
  await vi.waitUntil(() => world.simulator.stats().inFlight.now === 1, soon)
  worker.child.kill('SIGINT')
  expect(await worker.ended).toMatchObject({ code: 0 })
  expect(await world.json(['show', 'slow'])).toMatchObject({ status: 'sent', attempts: 1 })
})

test('workers that are stopped at any moment of an outage of Redis end in good order', async () => {
  const redis = await createRedisServer()
  await redis.start()
  const world = await startCliWorld()
  const workers = await Promise.all(
    Array.from({ length: 5 }, () => world.service('worker', { REDIS_URL: redis.url })),
  )
  await redis.kill()
  for (const { child } of workers) {
    await sleep(250)
    child.kill('SIGTERM')
  }
  for (const { ended } of workers) expect(await ended).toMatchObject({ code: 0 })
})

test('a worker with another database than the one of its queue ends at once, with exit code 2 and what to do', async () => {
  const world = await startCliWorld()
  const worker = await world.service('worker')
  const { code, stderr } = await world.run(['worker'], { DATABASE_URL: 'file:other.db' })
  expect(code).toBe(2)
  expect(stderr).toMatch(
    /The queue in Redis at \S+ belongs to another database: set DATABASE_URL .+: redis-cli HDEL "\S+" database/,
  )
  expect(stderr).not.toMatch(/^ +at /m)
  expect(worker.child.exitCode).toBeNull()
})

test('the second signal ends the worker at once, with exit code 1', async () => {
  const world = await startCliWorld()
  await world.sync()
  const worker = await world.service('worker')
  world.simulator.addFault({ path: sendPath, action: 'hang' })
  await world.queuePushes({ hanging: 0 })
  await vi.waitUntil(() => world.simulator.stats().inFlight.now === 1, soon)
  worker.child.kill('SIGTERM')
  await worker.waitFor(/"msg":"stopping"/)
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 1 })
})

test('cron syncs a table that was never complete at once, and a signal leaves a sync that can be resumed', async () => {
  const world = await startCliWorld({ followers: 3_000, pageSize: 100, latencyMs: 20 })
  const cron = await world.service('cron', { SYNC_CONCURRENCY: '1' })
  await vi.waitUntil(() => world.simulator.stats().batchgetOpenids > 500, soon)
  cron.child.kill('SIGTERM')
  expect(await cron.ended).toMatchObject({ code: 0, stdout: '' })

  const { cursors } = world.simulator.stats()
  const result = await world.json(['sync'])
  expect(result).toMatchObject({ status: 'complete', resumed: true, seen: 3_000, added: 3_000 })
  const asked = world.simulator.stats().cursors
  const askedTwice = Object.keys(cursors).filter((cursor) => asked[cursor] !== cursors[cursor])
  expect(askedTwice.length).toBeLessThanOrEqual(1)
})

test('a sync that is interrupted stores where it was and says that it can go on', async () => {
  const world = await startCliWorld({ followers: 3_000, pageSize: 100, latencyMs: 20 })
  const sync = world.start(['sync', '--json'], { SYNC_CONCURRENCY: '1' })
  await vi.waitUntil(() => world.simulator.stats().batchgetOpenids > 500, soon)
  sync.child.kill('SIGINT')
  const { code, stdout, stderr } = await sync.ended
  expect(code).toBe(1)
  const result = JSON.parse(stdout)
  expect(result).toMatchObject({ status: 'interrupted', resumed: false, error: { code: 'sync_interrupted' } })
  expect(result.error.message).toMatch(/goes on from here/)
  expect(stderr).toBe(`unionpush sync: ${result.error.message}\n`)

  const { error, durationMs, ...rest } = await world.json(['sync'])
  expect({ error, durationMs }).toEqual({ error: undefined, durationMs: expect.any(Number) })
  expect(rest).toEqual({
    account: world.appid,
    appid: world.appid,
    runId: result.runId,
    status: 'complete',
    resumed: true,
    total: 3_000,
    pages: 30,
    seen: 3_000,
    fetched: 3_000,
    added: 3_000,
    updated: 0,
    unsubscribed: 0,
    withoutUnionid: 0,
    oddRows: 0,
  })
})

test('a worker waits for its Redis, goes on when it is there, and survives that it goes', async () => {
  const world = await startCliWorld()
  const redis = await createRedisServer()
  const REDIS_URL = redis.url
  await world.sync()
  const worker = world.start(['worker'], { REDIS_URL })
  await worker.waitFor(/queue unavailable/)
  await redis.start()
  await worker.waitFor(/"msg":"ready"/)
  expect((await world.run(world.push(0, '--wait'), { REDIS_URL })).code).toBe(0)
  await redis.kill()
  await redis.start()
  expect((await world.run(world.push(1, '--wait'), { REDIS_URL })).code).toBe(0)
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 0 })
})

test('a worker that waits for a Redis that never comes ends on the first signal', async () => {
  const world = await startCliWorld()
  const worker = world.start(['worker'], { REDIS_URL: 'redis://127.0.0.1:1' })
  await worker.waitFor(/queue unavailable/)
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 0 })
})

test('an account that WeChat refuses pauses the sends and status says why; they go on when it is over', async () => {
  const world = await startCliWorld()
  await world.sync()
  const worker = await world.service('worker')
  const fault = world.simulator.addFault({ path: sendPath, action: { errcode: 48001 } })
  await world.queuePushes({ later: 0 })
  await worker.waitFor(/account paused/)
  const [account] = (await world.json(['status'])).accounts
  expect(account.paused).toEqual({
    reason: expect.any(String),
    detail: expect.any(String),
    since: expect.stringMatching(/Z$/),
    probeAt: expect.stringMatching(/Z$/),
  })
  expect(worker.child.exitCode).toBe(null)
  fault.remove()
  await vi.waitUntil(() => world.simulator.stats().accepted === 1, { timeout: 60_000, interval: 50 })
  expect((await world.json(['status'])).accounts[0].paused).toBe(null)
})

test('nobody reading the log of a service does not end it', async () => {
  const world = await startCliWorld()
  const worker = await world.service('worker')
  worker.child.stderr.destroy()
  await world.sync()
  await world.queuePushes({ unseen: 0 })
  await world.untilEnded('unseen')
  worker.child.kill('SIGTERM')
  const [code] = await once(worker.child, 'exit')
  expect(code).toBe(0)
})

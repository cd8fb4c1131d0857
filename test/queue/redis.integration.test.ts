import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

const patience = { timeout: 20 * second, interval: 10 }
const message = { openid: 'o1', templateId: 't', data: { thing1: 'x' } }
const many = (world: Pushing, count: number) =>
  world.producer().pushMany(Array.from({ length: count }, (_, n) => world.message(n % 20, { id: `p${n}` })))

function open(redisUrl: string, appid = 'wx1') {
  const pusher = createPusher({ appid, redisUrl })
  onTestFinished(() => pusher.close())
  return pusher
}

async function startWorld() {
  const redis = await createRedisServer()
  await redis.start()
  const world = await startPushing({ queue: { kind: 'redis', urls: [redis.url] } })
  return { redis, world }
}

describe('a producer', () => {
  test('is told within 5 s that there is no Redis, with an id to repeat the push with', async () => {
    const pusher = open(`redis://127.0.0.1:${await findFreePort()}`)
    const begun = Date.now()
    const calls = Array.from({ length: 500 }, () => pusher.push(message).catch((error) => error))
    const [error] = await Promise.all(calls)
    // Five, and what a busy machine takes to say so.
    expect(Date.now() - begun).toBeLessThan(8 * second)
    expect(error).toBeInstanceOf(QueueUnavailableError)
    expect(error.message).toMatch(/127\.0\.0\.1.*ECONNREFUSED.*Repeat the push with the id/)
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' })
    expect(error.message).toContain(error.pushId)
  })

  test('never shows the password of the server', async () => {
    const port = await findFreePort()
    const error = await open(`redis://user:hush-hush@127.0.0.1:${port}`)
      .push(message)
      .catch((thrown) => thrown)
    expect(`${error.message} ${error.cause}`).not.toContain('hush')
  })

  test('works as soon as Redis is there', async () => {
    const redis = await createRedisServer()
    const pusher = open(redis.url)
    const pushed = pusher.push({ ...message, id: 'early' })
    await redis.start()
    expect(await pushed).toEqual({ id: 'early', status: 'queued' })
    await redis.kill()
    const again = pusher.push({ ...message, id: 'early' })
    await redis.start()
    expect(await again).toEqual({ id: 'early', status: 'duplicate' })
  })

  test('is told within 5 s when Redis has frozen, and can repeat the push when it has not', async () => {
    const redis = await createRedisServer()
    await redis.start()
    const pusher = open(redis.url)
    await pusher.push(message)
    redis.freeze()
    const begun = Date.now()
    await expect(pusher.push({ ...message, id: 'p' })).rejects.toThrow(QueueUnavailableError)
    // Five, and what a busy machine takes to say so.
    expect(Date.now() - begun).toBeLessThan(8 * second)
    redis.thaw()
    expect(await pusher.push({ ...message, id: 'p' })).toMatchObject({ id: 'p' })
    expect(await pusher.push({ ...message, id: 'p' })).toMatchObject({ status: 'duplicate' })
    expect(await redis.command('llen', 'unionpush:{push-wx1}:wait')).toBe(2)
  })

  test('of many messages repeats what a restart of Redis cut off, and none is queued twice', async () => {
    const redis = await createRedisServer()
    await redis.start()
    const pusher = open(redis.url)
    const pushed = pusher.pushMany(Array.from({ length: 20_000 }, (_, n) => ({ ...message, id: `p${n}` })))
    await vi.waitUntil(
      async () => Number(await redis.command('llen', 'unionpush:{push-wx1}:wait')) > 2_000,
      patience,
    )
    await redis.kill()
    await redis.start()
    const { queued, duplicates } = await pushed
    expect({ queued, duplicates }).toEqual({ queued: 20_000, duplicates: 0 })
    expect(await redis.command('llen', 'unionpush:{push-wx1}:wait')).toBe(20_000)
  })

  test('of many messages learns how many are queued when Redis stays away', async () => {
    const redis = await createRedisServer()
    await redis.start()
    const pusher = open(redis.url)
    function* endless() {
      for (let n = 0; ; n++) yield { ...message, id: `p${n}` }
    }
    const pushed = pusher.pushMany(endless()).catch((error) => error)
    await vi.waitUntil(
      async () => Number(await redis.command('llen', 'unionpush:{push-wx1}:wait')) > 2_000,
      patience,
    )
    await redis.kill()
    const error = await pushed
    expect(error).toBeInstanceOf(QueueUnavailableError)
    expect(error.queued).toBeGreaterThanOrEqual(1_000)
    expect(error.queued % 100).toBe(0)
  })

  test('that is closed says so', async () => {
    const pusher = createPusher({ appid: 'wx1', redisUrl: `redis://127.0.0.1:${await findFreePort()}` })
    await pusher.close()
    await expect(pusher.push(message)).rejects.toThrow('closed')
  })
})

test('several URLs are a cluster, which keeps all keys of an account on one node', async () => {
  const redis = await createRedisServer('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1')
  await redis.start()
  await redis.command('cluster', 'addslotsrange', '0', '16383')
  const urls = [redis.url, redis.url]
  const world = await startPushing({ queue: { kind: 'redis', urls } })
  const receipt = await world
    .producer()
    .pushMany([
      world.message(0, { id: 'p' }),
      world.message(0, { id: 'p' }),
      world.message(1, { sendAt: Date.now() + 100 }),
      world.message(2, { priority: 3 }),
    ])
  expect(receipt).toEqual({ queued: 3, duplicates: 1, invalid: [] })
  await world.startWorker()
  const rows = await world.ended(3)
  expect(rows.every(({ status }) => status === 'sent')).toBe(true)
})

describe('a worker', () => {
  test('waits for a Redis that is not there yet and says so once', async () => {
    const redis = await createRedisServer()
    const world = await startPushing({ queue: { kind: 'redis', urls: [redis.url] } })
    const printed = vi.spyOn(console, 'error')
    onTestFinished(() => printed.mockRestore())
    const worker = await world.startWorker()
    await vi.waitUntil(() => world.lines.some(({ need }) => need === 'queue'), patience)
    await redis.start()
    await worker.started
    expect(printed).not.toHaveBeenCalled()
    await many(world, 20)
    await world.ended(20)
    const said = world.lines.filter(({ need }) => need === 'queue').map(({ level }) => level)
    expect(said).toEqual(['warn', 'info'])
  })

  test('waits for a Redis that takes no writes yet', async () => {
    const { redis, world } = await startWorld()
    await many(world, 20)
    await redis.command('config', 'set', 'min-replicas-to-write', '1')
    const worker = await world.startWorker({ rate: 1_000 })
    await vi.waitUntil(() => world.lines.some(({ need }) => need === 'queue'), patience)
    await redis.command('config', 'set', 'min-replicas-to-write', '0')
    await worker.started
    const rows = await world.ended(20)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
  })

  test('warns once of a Redis that deletes pushes when it is full, and works with it', async () => {
    const redis = await createRedisServer('--maxmemory-policy', 'allkeys-lru')
    await redis.start()
    const world = await startPushing({ queue: { kind: 'redis', urls: [redis.url] } })
    const toWarnings = () => world.lines.filter(({ msg }) => String(msg).includes('maxmemory-policy'))
    await (await world.startWorker()).started
    await many(world, 20)
    const rows = await world.ended(20)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
    await redis.kill()
    await redis.start()
    await world.producer().push(world.message(0, { id: 'after' }))
    await world.ended(21)
    expect(toWarnings().map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', expect.stringMatching(/^maxmemory-policy is allkeys-lru: .* set it to noeviction$/)],
    ])
  })

  test('can be stopped while it waits', async () => {
    const world = await startPushing({
      queue: { kind: 'redis', urls: [`redis://127.0.0.1:${await findFreePort()}`] },
    })
    const worker = await world.startWorker()
    worker.started.catch(() => {})
    await vi.waitUntil(() => world.lines.some(({ need }) => need === 'queue'), patience)
    await worker.stop()
  })

  test('goes on by itself after Redis was killed and restarted in the middle; nothing is lost or doubled', async () => {
    const { redis, world } = await startWorld()
    await many(world, 1_000)
    await world.startWorker()
    await vi.waitUntil(() => world.simulator.stats().accepted > 200, { ...patience, interval: 1 })
    await redis.kill()
    await vi.waitUntil(() => world.lines.some(({ need }) => need === 'queue'), patience)
    await redis.start()
    const rows = await world.ended(1_000)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
    expect(world.simulator.stats()).toMatchObject({ accepted: 1_000, duplicates: 0 })
    expect(world.lines.filter(({ need, level }) => need === 'queue' && level === 'warn')).toHaveLength(1)
  })

  test('keeps to its rate when Redis comes back with nothing in it', async () => {
    const { redis, world } = await startWorld()
    await (await world.startWorker({ rate: 20 })).started
    await redis.command('flushall')
    const killed = await redis.command('client', 'kill', 'type', 'normal', 'skipme', 'yes')
    expect(Number(killed)).toBeGreaterThan(0)
    const limit = () => redis.command('hmget', `unionpush:{push-${world.appid}}:meta`, 'max', 'duration')
    await vi.waitUntil(async () => String(await limit()) === '2,100', { timeout: 3 * second, interval: 10 })
    await many(world, 30)
    await world.ended(30)
    const times = [...world.simulator.accepted()].map(({ at }) => at)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(second)
  })

  test('that has nothing to do costs less than 120 commands a minute', async () => {
    const { redis, world } = await startWorld()
    await (await world.startWorker({ rate: 20 })).started
    await world.producer().push(world.message(0))
    await world.ended(1)
    const count = async () => {
      const stats = String(await redis.command('info', 'stats'))
      return Number(/total_commands_processed:(\d+)/.exec(stats)?.[1])
    }
    const begun = Date.now()
    const before = await count()
    await vi.waitUntil(() => Date.now() - begun > 20 * second, { timeout: 30 * second, interval: 50 })
    expect((await count()) - before).toBeLessThan(40)
  }, 60_000)

  test('does not spin on a Redis that takes no writes, and goes on when it does again', async () => {
    const { redis, world } = await startWorld()
    await many(world, 1_000)
    await world.startWorker({ rate: 200 })
    await vi.waitUntil(() => world.simulator.stats().accepted > 100, { ...patience, interval: 1 })
    await redis.command('config', 'set', 'min-replicas-to-write', '1')
    await vi.waitUntil(() => world.lines.some(({ need }) => need === 'queue'), patience)
    const { user, system } = process.cpuUsage()
    const begun = Date.now()
    await vi.waitUntil(() => Date.now() - begun > 2 * second, patience)
    const used = process.cpuUsage({ user, system })
    expect((used.user + used.system) / 1_000).toBeLessThan(second)
    expect(world.lines.filter(({ need }) => need === 'queue').length).toBeLessThan(3)
    await redis.command('config', 'set', 'min-replicas-to-write', '0')
    const rows = await world.ended(1_000, 40 * second)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
    expect(world.simulator.stats().accepted).toBe(1_000)
  }, 60_000)
})

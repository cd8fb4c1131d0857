import { expect, onTestFinished, test } from 'vitest'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { startPushing } from '../helpers/pushing.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

async function startServer() {
  const redis = await createRedisServer()
  await redis.start()
  const fill = async () => {
    const used = /used_memory:(\d+)/.exec(String(await redis.command('info', 'memory')))?.[1] ?? ''
    await redis.command('config', 'set', 'maxmemory', String(Math.round(Number(used) * 0.95)))
  }
  return { redis, fill }
}

test('a Redis that is full is worked off, with a rate too, and takes pushes again as soon as there is room', async () => {
  const { redis, fill } = await startServer()
  const world = await startPushing({ queue: { kind: 'redis', urls: [redis.url] } })
  const producer = world.producer()
  const url = `https://example.com/${'long'.repeat(200)}`
  await producer.pushMany(Array.from({ length: 1_000 }, (_, n) => world.message(n % 20, { url })))
  await fill()
  await expect(producer.push(world.message(0))).rejects.toThrow(QueueUnavailableError)
  await (await world.startWorker({ rate: 5_000 })).started
  const rows = await world.ended(1_000)
  expect(rows.every(({ status }) => status === 'sent')).toBe(true)
  expect(world.simulator.stats()).toMatchObject({ accepted: 1_000, duplicates: 0 })
  const told = world.lines.filter(({ msg }) => String(msg).startsWith('Redis is full'))
  expect(told.map(({ level }) => level)).toEqual(['warn'])
  expect(await producer.push(world.message(1))).toMatchObject({ status: 'queued' })
})

test('a Redis that is full is told in status, and to the producer', async () => {
  const { redis, fill } = await startServer()
  const world = await startCliWorld()
  const REDIS_URL = redis.url
  expect((await world.run(world.push(0), { REDIS_URL })).code).toBe(0)
  await fill()
  expect((await world.run(['status'], { REDIS_URL })).stderr).toMatch(/^Redis is full .*Raise maxmemory/m)
  const queue = openProducerQueue({ kind: 'redis', urls: [redis.url] }, world.appid)
  onTestFinished(() => queue.close())
  let attempts = 0
  // As of a thousand messages at once: refused, and the time is over before the next answer.
  const slow = queue.run((used) => (attempts++ === 0 ? used.add('push', {}) : new Promise<never>(() => {})))
  const [pushed] = await Promise.all([
    world.run(world.push(1), { REDIS_URL }),
    expect(slow).rejects.toThrow(/OOM .*; it is full: raise its maxmemory/),
  ])
  expect(pushed.stderr).toMatch(/OOM .*; it is full: raise its maxmemory/)
})

import { describe, expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'
import { createRedisServer } from '../helpers/redisServer.ts'
import { startTcpServer } from '../helpers/scriptedServer.ts'
import { startTcpSwitch } from '../helpers/tcpSwitch.ts'

const patience = { timeout: 20 * second, interval: 10 }

/** Two servers behind one address; the first hands over to the second in good order and keeps its connections. */
async function startPair() {
  const [first, other] = await Promise.all([createRedisServer(), createRedisServer()])
  await Promise.all([first.start(), other.start()])
  const follow = (follower: typeof first, leader: typeof first) =>
    follower.command('replicaof', '127.0.0.1', new URL(leader.url).port)
  await follow(other, first)
  await vi.waitUntil(async () => String(await other.command('role')).includes('connected'), patience)
  const address = await startTcpSwitch(first.url)
  return {
    url: address.url,
    async failOver() {
      await first.command('failover')
      await vi.waitUntil(async () => String(await other.command('role')).includes('master'), patience)
      address.switchTo(other.url)
    },
  }
}

describe('when the primary becomes a replica and keeps its connections open', () => {
  test('a producer and an idle worker go on with the new primary within a few seconds', async () => {
    const redis = await startPair()
    const world = await startPushing({ queue: { kind: 'redis', urls: [redis.url] } })
    const producer = world.producer()
    await (await world.startWorker()).started
    await producer.push(world.message(0, { id: 'before' }))
    await world.ended(1)
    await redis.failOver()
    const begun = Date.now()
    expect(await producer.push(world.message(1, { id: 'after' }))).toMatchObject({ status: 'queued' })
    await world.ended(2)
    expect(Date.now() - begun).toBeLessThan(4 * second)
    expect(world.simulator.stats()).toMatchObject({ accepted: 2, duplicates: 0 })
  })

  test('a worker in the middle of its work loses nothing and doubles nothing', async () => {
    const redis = await startPair()
    const world = await startPushing({ queue: { kind: 'redis', urls: [redis.url] } })
    const producer = world.producer()
    await world.startWorkerProcess({ rate: 200 })
    await producer.pushMany(Array.from({ length: 500 }, (_, n) => world.message(n % 20, { id: `p${n}` })))
    await vi.waitUntil(() => world.simulator.stats().accepted > 100, patience)
    await redis.failOver()
    await world.ended(500)
    expect(world.rows().every(({ status }) => status === 'sent')).toBe(true)
    expect(world.simulator.stats()).toMatchObject({ accepted: 500, duplicates: 0 })
  })
})

test.each([
  ['one server', 1],
  ['a cluster', 2],
])('a connection to %s that carries nothing from its beginning is given up', async (_, nodes) => {
  const redis = await createRedisServer(
    ...(nodes > 1 ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] : []),
  )
  await redis.start()
  const address = await startTcpSwitch(redis.url)
  if (nodes > 1) {
    await redis.command('cluster', 'addslotsrange', '0', '16383')
    await redis.command('config', 'set', 'cluster-announce-port', String(address.port))
  }
  const urls = Array.from({ length: nodes }, () => address.url)
  const world = await startPushing({ queue: { kind: 'redis', urls } })
  const producer = world.producer()
  await (await world.startWorker()).started
  await producer.push(world.message(0, { id: 'before' }))
  await world.ended(1)
  let silent = 0
  const mute = await startTcpServer(() => {
    silent += 1
  })
  address.switchTo(mute)
  address.cut()
  address.mend()
  await vi.waitUntil(() => silent > 1, patience)
  // Those that were made until now stay open.
  address.switchTo(redis.url)
  const push = () => producer.push(world.message(1, { id: 'after' }))
  await vi.waitFor(async () => expect(await push()).toMatchObject({ id: 'after' }), patience)
  await world.ended(2)
})

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { createPusher, type Pusher } from '../../src/library/createPusher.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

const message = { openid: 'o1', templateId: 't', data: { thing1: 'x' } }
const queueKey = 'unionpush:{push-wx1}'

function open(redisUrl: string) {
  const pusher = createPusher({ appid: 'wx1', redisUrl })
  onTestFinished(() => pusher.close())
  return pusher
}

/** Pushes at once; those that were queued and what the others were told. */
async function pushAll(pusher: Pusher, count: number) {
  const queued: string[] = []
  const refused: QueueUnavailableError[] = []
  const push = async () => {
    try {
      queued.push((await pusher.push(message)).id)
    } catch (error) {
      if (!(error instanceof QueueUnavailableError)) throw error
      refused.push(error)
    }
  }
  await Promise.all(Array.from({ length: count }, push))
  return { queued, refused }
}

type Redis = Awaited<ReturnType<typeof createRedisServer>>

async function listQueued(redis: Redis): Promise<string[]> {
  const ids = await redis.command('lrange', `${queueKey}:wait`, '0', '-1')
  return Array.isArray(ids) ? ids.map(String) : []
}

/** A push that the same pusher has queued now: whatever of it was left to be written is written before it. */
async function pushAgain(pusher: Pusher): Promise<string> {
  const { id } = await vi.waitFor(() => pusher.push(message), { timeout: 20 * second })
  return id
}

function measureHeap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

/** In a function of its own, so that nothing of it is left to be measured. */
async function expectRefused(pusher: Pusher, count: number): Promise<void> {
  const { refused } = await pushAll(pusher, count)
  expect(refused).toHaveLength(count)
  expect(refused.every(({ mayBeQueued }) => !mayBeQueued)).toBe(true)
  expect(refused[0]?.message).toMatch(/127\.0\.0\.1.*It was not queued/)
}

describe('a push that was answered with an error', () => {
  test('while there was no Redis is never written, and leaves nothing behind', async () => {
    const redis = await createRedisServer()
    await redis.start()
    const pusher = open(redis.url)
    const before = await pushAll(pusher, 3)
    const heap = measureHeap()
    await redis.kill()
    await expectRefused(pusher, 20_000)
    await vi.waitFor(() => expect(measureHeap() - heap).toBeLessThan(1_000_000), { timeout: second })
    await redis.start()
    const last = await pushAgain(pusher)
    expect((await listQueued(redis)).sort()).toEqual([...before.queued, last].sort())
  }, 30_000)

  test('before Redis was there for the first time is never written', async () => {
    const redis = await createRedisServer()
    const pusher = open(redis.url)
    const { refused } = await pushAll(pusher, 100)
    expect(refused).toHaveLength(100)
    await redis.start()
    const last = await pushAgain(pusher)
    expect(await listQueued(redis)).toEqual([last])
  })

  test('while Redis was frozen is written later only if that was said to be possible', async () => {
    const redis = await createRedisServer()
    await redis.start()
    const pusher = open(redis.url)
    const before = await pushAll(pusher, 3)
    redis.freeze()
    // More than the sockets between the two hold, so that most of them never leave this process.
    const inDoubt = await pushAll(pusher, 20_000)
    expect(inDoubt.refused).toHaveLength(20_000)
    expect(inDoubt.refused.every(({ mayBeQueued }) => mayBeQueued)).toBe(true)
    const [first] = inDoubt.refused
    expect(first?.message).toContain(`may be queued all the same: repeat it with the id "${first?.pushId}"`)
    const surelyNot = await pushAll(pusher, 100)
    expect(surelyNot.refused.map(({ mayBeQueued }) => mayBeQueued)).toEqual(Array(100).fill(false))
    redis.thaw()
    const last = await pushAgain(pusher)
    const found = await listQueued(redis)
    const possible = new Set([...before.queued, last, ...inDoubt.refused.map(({ pushId }) => pushId)])
    expect(found.filter((id) => !possible.has(id))).toEqual([])
    expect(found).toEqual(expect.arrayContaining([...before.queued, last]))
    expect(found.length).toBeLessThan(15_000)
  }, 30_000)

  test('because Redis refused it is said to be surely not queued', async () => {
    const redis = await createRedisServer()
    await redis.start()
    const pusher = open(redis.url)
    await pushAll(pusher, 1)
    await redis.command('config', 'set', 'min-replicas-to-write', '1')
    const { refused } = await pushAll(pusher, 3)
    expect(refused.map(({ mayBeQueued }) => mayBeQueued)).toEqual([false, false, false])
    const many = await pusher.pushMany(Array(3).fill(message)).catch((error) => error)
    expect(many).toMatchObject({ queued: 0, mayBeQueued: true })
  }, 30_000)

  test('because the pusher was closed is never written', async () => {
    const redis = await createRedisServer()
    const pusher = open(redis.url)
    const pending = pushAll(pusher, 100)
    await pusher.close()
    const { refused } = await pending
    expect(refused).toHaveLength(100)
    expect(refused[0]?.message).toMatch(/closed by this program.*It was not queued/)
    await redis.start()
    const last = await pushAgain(open(redis.url))
    expect(await listQueued(redis)).toEqual([last])
  })
})

test('many messages that met an outage are told how many of them may be queued', async () => {
  const redis = await createRedisServer()
  await redis.start()
  const pusher = open(redis.url)
  await pushAll(pusher, 1)
  await redis.kill()
  const nothing = await pusher.pushMany(Array(3).fill(message)).catch((error) => error)
  expect(nothing).toMatchObject({ queued: 0, mayBeQueued: false })
  expect(nothing.message).toContain('the others surely not')
  await redis.start()
  await pushAgain(pusher)
  redis.freeze()
  const error = await pusher.pushMany(Array(3).fill(message)).catch((thrown) => thrown)
  expect(error).toMatchObject({ queued: 0, mayBeQueued: true })
  expect(error.message).toContain('up to 1,000 more may be')
  redis.thaw()
}, 30_000)

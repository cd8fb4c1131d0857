import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { makeDir, startPushing } from '../helpers/pushing.ts'
import { startScriptRefusingProxy } from '../helpers/redisProxy.ts'
import { startRedisSentinels } from '../helpers/redisSentinels.ts'
import { createRedisServer } from '../helpers/redisServer.ts'
import { selfSigned } from '../helpers/selfSigned.ts'

const patience = { timeout: 25 * second, interval: 20 }
const page = new URL('../../docs/en/configuration.md', import.meta.url)
const message = { openid: 'o1', templateId: 't', data: { thing1: 'x' } }

async function push(redisUrl: string, id: string) {
  const pusher = createPusher({ appid: 'wx1', redisUrl })
  onTestFinished(() => pusher.close())
  return pusher.push({ ...message, id })
}

test('a socket, a database number, and a password of special characters', async () => {
  const path = join(await makeDir(), 'redis.sock')
  const password = 'p@ss/w:r#d?%,+ &é'
  const redis = await createRedisServer('--unixsocket', path)
  await redis.start()
  await redis.command('acl', 'setuser', 'app', 'on', `>${password}`, '~*', '+@all')
  const login = `app:${encodeURIComponent(password)}`
  const { host } = new URL(redis.url)
  expect(await push(`redis+unix://${login}@${path}?db=3`, 'a')).toMatchObject({ status: 'queued' })
  expect(await push(`unix://${login}@${path}?db=3`, 'a')).toMatchObject({ status: 'duplicate' })
  expect(await push(`redis://${login}@${host}/3`, 'a')).toMatchObject({ status: 'duplicate' })
  expect(await push(`redis://${login}@${host}`, 'a')).toMatchObject({ status: 'queued' })
})

describe('behind Sentinels', () => {
  test('a producer and a worker go on after the primary was killed in the middle; nothing is lost or doubled', async () => {
    const sentinels = await startRedisSentinels()
    const world = await startPushing({ queue: { kind: 'redis', urls: [sentinels.url] } })
    const producer = world.producer()
    await producer.pushMany(Array.from({ length: 600 }, (_, n) => world.message(n % 20, { id: `p${n}` })))
    await sentinels.whenReplicated()
    await world.startWorker({ rate: 200 })
    await vi.waitUntil(() => world.simulator.stats().accepted > 100, { ...patience, interval: 1 })
    await sentinels.killPrimary()
    const rows = await world.ended(600, 60 * second)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
    expect(world.simulator.stats()).toMatchObject({ accepted: 600 })
    expect(await producer.push(world.message(0, { id: 'after' }))).toMatchObject({ status: 'queued' })
  }, 90_000)

  test("that speak TLS by an authority of one's own, a producer and a worker go on after a failover too", async () => {
    const sentinels = await startRedisSentinels({ hasTls: true })
    expect((await push(sentinels.url, 'a').catch((error) => error)).message).toContain('REDIS_CA_FILE')
    const queue = { kind: 'redis', urls: [sentinels.url], ca: selfSigned.cert } as const
    const world = await startPushing({ queue: { ...queue, urls: [...queue.urls] } })
    const producer = world.producer()
    await producer.pushMany(Array.from({ length: 100 }, (_, n) => world.message(n % 20, { id: `p${n}` })))
    await sentinels.whenReplicated()
    await world.startWorker({ rate: 50 })
    await vi.waitUntil(() => world.simulator.stats().accepted > 20, { ...patience, interval: 1 })
    await sentinels.killPrimary()
    const rows = await world.ended(100, 60 * second)
    expect(rows.every(({ status }) => status === 'sent')).toBe(true)
    expect(world.simulator.stats()).toMatchObject({ accepted: 100 })
  }, 90_000)

  test('whose name or password is wrong, or of which none answers, says so', async () => {
    const refused = await push('redis+sentinel://127.0.0.1:1/main', 'a').catch((error) => error)
    expect(refused.message).toMatch(
      /Redis main of the Sentinels at 127\.0\.0\.1:1 .*sentinels are unreachable.*check hosts, ports and password/i,
    )
  })
})

test.each([
  [
    'a script that makes keys of its own (Aliyun)',
    'ERR bad lua script for redis cluster, all the keys that the script uses should be passed using the KEYS array',
  ],
  ['keys of several slots', 'ERR eval/evalsha command keys must be in same slot'],
])('a proxy that refuses %s is recognised at once, with what to choose', async (_, answer) => {
  const redis = await createRedisServer()
  await redis.start()
  const url = await startScriptRefusingProxy(redis.url, answer)
  const begun = Date.now()
  const refusal = await push(url, 'a').catch((error) => error)
  expect(refusal).toMatchObject({ name: 'QueueUnavailableError', isLasting: true })
  expect(refusal.message).toMatch(/proxy that refuses BullMQ's scripts .*script_check_enable=0/)
  const world = await startPushing({ queue: { kind: 'redis', urls: [url] } })
  const { started } = await world.startWorker()
  await expect(started).rejects.toThrow('script_check_enable=0')
  expect(Date.now() - begun).toBeLessThan(10 * second)
})

test('a user with no other rights than the documentation lists does everything', async () => {
  const redis = await createRedisServer()
  await redis.start()
  const [, rules = ''] = /^ACL SETUSER unionpush on >password (.+)$/m.exec(await readFile(page, 'utf8')) ?? []
  await redis.command('acl', 'setuser', 'app', 'on', '>pw', ...rules.split(' '))
  const queue = { kind: 'redis', urls: [redis.url.replace('//', '//app:pw@')] } as const
  const world = await startPushing({ queue: { ...queue, urls: [...queue.urls] } })
  const { started, queue: own } = await world.startWorker({ rate: 500 })
  await started
  const producer = world.producer()
  world.simulator.addFault({ path: '/cgi-bin/message/template/send', action: { errcode: -1 }, times: 2 })
  await producer.pushMany([
    ...Array.from({ length: 20 }, (_, n) => world.message(n, { id: `p${n}`, ...(n % 2 && { priority: n }) })),
    world.message(0, { id: 'p0' }),
    world.message(1, { sendAt: Date.now() + 200 }),
    world.message(2, { id: 'late', sendAt: Date.now() + 60 * second }),
  ])
  const pusher = world.pusher()
  expect(await pusher.cancel('late')).toBe('cancelled')
  await own.pause()
  await own.resume()
  await own.setGlobalConcurrency(5)
  await own.removeGlobalConcurrency()
  await world.ended(22)
  const log = await redis.command('acl', 'log')
  expect(log).toEqual([])
})

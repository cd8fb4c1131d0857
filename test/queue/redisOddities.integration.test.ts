import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { connectProducer } from '../../src/queue/producerQueue.ts'
import { startCliWorld } from '../helpers/cliWorld.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { makeDir, startPushing } from '../helpers/pushing.ts'
import { startRedisCluster } from '../helpers/redisCluster.ts'
import { createRedisServer } from '../helpers/redisServer.ts'
import { selfSigned } from '../helpers/selfSigned.ts'

const message = { openid: 'o1', templateId: 't', data: { thing1: 'x' } }

/** What a caller is told whose push cannot be queued. */
async function refusal(redisUrl: string): Promise<string> {
  const pusher = createPusher({ appid: 'wx1', redisUrl })
  onTestFinished(() => pusher.close())
  const error = await pusher.push(message).catch((thrown) => thrown)
  return error.message
}

async function startServer(...options: string[]) {
  const redis = await createRedisServer(...options)
  await redis.start()
  return redis
}

const isLogLine = (line: string) => line.startsWith('{"level":')

describe('a cluster', () => {
  test('behind one address is refused with the URL to write, and used when it is written', async () => {
    const [url = ''] = (await startRedisCluster()).urls
    const world = await startCliWorld()
    await world.sync()
    const expected = `REDIS_URL=${url},${url}`
    const worker = await world.run(['worker'], { REDIS_URL: url })
    expect(worker.code).toBe(2)
    expect(worker.stderr).toContain(expected)
    const service = await world.service('worker', { REDIS_URL: `${url},${url}` })
    const pushed = await world.run(world.push(0, '--wait'), { REDIS_URL: `${url},${url}` })
    expect(pushed.code).toBe(0)
    service.child.kill('SIGTERM')
    await service.ended
  }, 60_000)

  test('with IPv6 addresses in brackets is found', async () => {
    const redis = await startServer(
      ...['--bind', '127.0.0.1', '::1', '--cluster-enabled', 'yes', '--cluster-announce-ip', '::1'],
    )
    await redis.command('cluster', 'addslotsrange', '0', '16383')
    const url = redis.url.replace('127.0.0.1', '[::1]')
    const world = await startPushing({ queue: { kind: 'redis', urls: [url, url] } })
    await world.startWorker()
    expect(await world.producer().push(world.message(0))).toMatchObject({ status: 'queued' })
    await world.ended(1)
  })

  test('whose hosts cannot be resolved, or whose password is wrong, says so', async () => {
    const redis = await startServer('--cluster-enabled', 'yes')
    await redis.command('config', 'set', 'requirepass', 'right')
    const wrong = redis.url.replace('//', '//:wrong@')
    const [unresolved, unknown] = await Promise.all([
      refusal('redis://a.invalid:1,redis://b.invalid:2'),
      refusal(`${wrong},${wrong}`),
    ])
    expect(unresolved).toMatch(/(ENOTFOUND|EAI_AGAIN) [ab]\.invalid; the host cannot be resolved/)
    expect(unknown).toMatch(/WRONGPASS.*; check user and password in REDIS_URL/)
  })
})

describe('a database', () => {
  test('that the server does not have is refused, and nothing gets into another one', async () => {
    const redis = await startServer()
    const world = await startCliWorld()
    const worker = await world.run(['worker'], { REDIS_URL: `${redis.url}/99` })
    expect(worker.code).toBe(2)
    expect(worker.stderr).toMatch(/does not have the database .*DB index is out of range/)
    const pushed = await world.run(world.push(0), { REDIS_URL: `${redis.url}/99` })
    expect(pushed.code).toBe(2)
    expect(await redis.command('dbsize')).toBe(0)
  })
})

describe('an ACL user', () => {
  test('whose password is wrong ends a worker with what to do, where everybody else may do all', async () => {
    const redis = await startServer()
    const world = await startCliWorld()
    const worker = await world.run(['worker'], { REDIS_URL: redis.url.replace('//', '//app:wrong@') })
    expect(worker.code).toBe(2)
    expect(worker.stderr).toMatch(/^unionpush worker: WRONGPASS .*; check user and password in REDIS_URL$/m)
  })

  test('without INFO can do everything; nothing but log lines is on stderr', async () => {
    const redis = await startServer()
    await redis.command('acl', 'setuser', 'app', 'on', '>pw', '~*', '+@all', '-info')
    const REDIS_URL = redis.url.replace('//', '//app:pw@')
    const world = await startCliWorld()
    await world.sync()
    const worker = await world.service('worker', { REDIS_URL })
    expect((await world.run(world.push(0, '--wait'), { REDIS_URL })).code).toBe(0)
    worker.child.kill('SIGTERM')
    const { stderr } = await worker.ended
    expect(stderr).toContain('INFO is not allowed')
    expect(stderr.split('\n').filter((line) => line !== '' && !isLogLine(line))).toEqual([])
  })

  test('that lacks a command we need is told which', async () => {
    const redis = await startServer()
    await redis.command('acl', 'setuser', 'app', 'on', '>pw', '~*', '+@all', '-bzpopmin', '-hset', '-hdel')
    const queue = { kind: 'redis', urls: [redis.url.replace('//', '//app:pw@')] } as const
    const world = await startPushing({ queue: { ...queue, urls: [...queue.urls] } })
    const { started } = await world.startWorker()
    started.catch(() => {})
    const said = () => world.lines.find(({ need }) => need === 'queue')?.detail
    await vi.waitUntil(said, { timeout: 10 * second })
    expect(said()).toMatch(/NOPERM.*'h(set|del)'.*; give the user of REDIS_URL this command/)
  })
})

test('warnings of libraries are lines of the log', async () => {
  const redis = await startServer('--maxmemory-policy', 'allkeys-lru')
  const world = await startCliWorld()
  const worker = await world.service('worker', { REDIS_URL: redis.url.replace('//', '//:unneeded@') })
  worker.child.kill('SIGTERM')
  const { stderr } = await worker.ended
  expect(stderr.split('\n').filter((line) => line !== '' && !isLogLine(line))).toEqual([])
  expect(stderr.match(/maxmemory-policy is allkeys-lru/g)).toHaveLength(1)
})

test('a port that expects TLS and is spoken to in plain, and the other way round, are told', async () => {
  const dir = await makeDir()
  await writeFile(join(dir, 'key'), selfSigned.key)
  await writeFile(join(dir, 'cert'), selfSigned.cert)
  const files = ['--tls-key-file', join(dir, 'key'), '--tls-cert-file', join(dir, 'cert')]
  const tlsPort = await findFreePort()
  const redis = await startServer(
    ...['--tls-port', String(tlsPort), '--tls-ca-cert-file', join(dir, 'cert'), ...files],
    ...['--tls-auth-clients', 'no'],
  )
  const [plain, tls, untrusted] = await Promise.all([
    refusal(`redis://127.0.0.1:${tlsPort}`),
    refusal(redis.url.replace('redis:', 'rediss:')),
    refusal(`rediss://127.0.0.1:${tlsPort}`),
  ])
  expect(plain).toContain('write rediss:// instead of redis://')
  // Some take the greeting of TLS for the beginning of a command and wait for the rest.
  expect(tls).toMatch(/write redis:\/\/ instead of rediss:\/\/|rediss:\/\/ is written if, and only if/)
  expect(untrusted).toContain('REDIS_CA_FILE')
  const url = `rediss://127.0.0.1:${tlsPort}`
  const trusting = connectProducer({ kind: 'redis', urls: [url], ca: selfSigned.cert })
  onTestFinished(() => trusting.close())
  expect(await trusting.openQueue('wx1').run((queue) => queue.getJobCounts('waiting'))).toEqual({
    waiting: 0,
  })
})

test('a server that has no connection left says so', async () => {
  const redis = await startServer('--maxclients', '1')
  const holder = createPusher({ appid: 'wx1', redisUrl: redis.url })
  onTestFinished(() => holder.close())
  await holder.push(message)
  expect(await refusal(redis.url)).toMatch(/max number of clients reached.*raise maxclients/)
})

test('a service that cannot use its Redis ends on the first signal', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const world = await startCliWorld()
  const worker = world.start(['worker'], { REDIS_URL: `redis://127.0.0.1:${port}` })
  await worker.waitFor(/queue unavailable.*|closes every connection/)
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toMatchObject({ code: 0 })
})

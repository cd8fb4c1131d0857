import { expect, onTestFinished, test, vi } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

const sendPath = '/cgi-bin/message/template/send'

test.each<45011 | -1>([45011, -1])(
  'two workers find a hidden limit that refuses with %i and keep to it; 45011 spends no try',
  async (errcode) => {
    const world = await startPushing({ simulator: { rate: { perSecond: 100, errcode } } })
    const messages = Array.from({ length: 3_000 }, (_, n) => world.message(n % 20, { id: `p${n}` }))
    await world.producer().pushMany(messages)
    const workers = [
      await world.startWorker({ concurrency: 20 }),
      await world.startWorker({ concurrency: 20 }),
    ]
    const seen = (code: number) => world.simulator.stats().errcodes[sendPath]?.[code] ?? 0
    const watch = async (calls: number) => {
      const before = { accepted: seen(0), refused: seen(errcode), at: Date.now() }
      await vi.waitUntil(() => seen(0) >= before.accepted + calls, { timeout: minute, interval: 50 })
      const seconds = (Date.now() - before.at) / second
      return { perSecond: (seen(0) - before.accepted) / seconds, refused: seen(errcode) - before.refused }
    }
    await vi.waitUntil(() => seen(0) >= 900, { timeout: minute, interval: 50 })
    // A machine with other work to do wakes its workers late, so not every stretch has to be a good one.
    let stretch = { perSecond: 0, refused: 0 }
    const isGood = () => stretch.perSecond > 60 && stretch.refused < 0.1 * 500
    while (!isGood() && seen(0) < messages.length - 500) stretch = await watch(500)

    expect(stretch.perSecond).toBeGreaterThan(60)
    expect(stretch.refused).toBeLessThan(0.1 * 500)
    expect((await world.accountState.find())?.rate).toBeGreaterThan(70)
    await Promise.all(workers.map((worker) => worker.stop()))
    if (errcode === -1) return
    const spent = world.rows().filter(({ status, attempts }) => attempts > (status === 'sent' ? 1 : 0))
    expect(spent).toEqual([])
  },
  2 * minute,
)

test('PUSH_RATE is there again as soon as a Redis that lost everything is', async () => {
  const redis = await createRedisServer()
  await redis.start()
  const world = await startPushing({ queue: { kind: 'redis', urls: [redis.url] } })
  const limit = () => redis.command('hmget', `unionpush:{push-${world.appid}}:meta`, 'max', 'duration')
  // What is done now and then would do it too.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  await (await world.startWorker({ rate: 5 })).started
  expect(await limit()).toEqual(['1', '200'])
  await redis.command('flushall')
  expect(await limit()).toEqual([null, null])
  await redis.command('client', 'kill', 'type', 'normal')
  await vi.waitUntil(async () => String(await limit()) === '1,200', { timeout: 20_000 })
})

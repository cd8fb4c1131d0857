import { mkdtempSync, rmSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { QueueConfig } from '../../src/base/config.ts'
import { second } from '../../src/base/duration.ts'
import { hostEmbeddedQueue } from '../../src/queue/embedded/host.ts'
import { createPostgresQueue } from '../helpers/postgresQueue.ts'
import { createTestLog, makeDir, startPushing } from '../helpers/pushing.ts'
import { createRedisServer } from '../helpers/redisServer.ts'

/** Setting up PostgreSQL takes seconds, a copy of it does not. */
let template: Promise<string> | undefined
afterAll(async () => {
  if (template) rmSync(await template, { recursive: true })
})

async function makeTemplate(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'unionpush-'))
  await (await hostEmbeddedQueue(dir, createTestLog().log)).close()
  return dir
}

const kinds: Record<QueueConfig['kind'], () => Promise<QueueConfig>> = {
  async redis() {
    const redis = await createRedisServer()
    await redis.start()
    return { kind: 'redis', urls: [redis.url] }
  },
  postgres: async () => (await createPostgresQueue()).toConfig(),
  async embedded() {
    const dir = join(await makeDir(), 'queue')
    template ??= makeTemplate()
    await cp(await template, dir, { recursive: true })
    return { kind: 'embedded', dir }
  },
}

describe.each(Object.entries(kinds))(
  'the queue in %s',
  (_, createQueue) => {
    test('carries pushes from a producer to a worker, each once, late ones and urgent ones too', async () => {
      const world = await startPushing({ queue: await createQueue() })
      const { started, queue } = await world.startWorker()
      await started
      const producer = world.producer()
      await queue.pause()
      const sendAt = Date.now() + second
      const receipt = await producer.pushMany([
        ...Array.from({ length: 100 }, (_, n) =>
          world.message(n % 20, { id: `p${n}`, ...(n % 2 && { priority: n }) }),
        ),
        world.message(0, { id: 'p0' }),
        world.message(1, { id: 'late', sendAt }),
      ])
      expect(receipt).toEqual({ queued: 101, duplicates: 1, invalid: [] })
      expect(await producer.push(world.message(0, { id: 'p0' }))).toMatchObject({ status: 'duplicate' })
      await queue.resume()
      const rows = await world.ended(101)
      expect(rows.every(({ status, attempts }) => status === 'sent' && attempts === 1)).toBe(true)
      expect((await world.row('late'))?.sentAt).toBeGreaterThanOrEqual(sendAt)
      expect(world.simulator.stats().accepted).toBe(101)
      expect(await producer.push(world.message(0, { id: 'p0' }))).toMatchObject({ status: 'duplicate' })
    })

    test('hands a new push to an idle worker within a second, even while a delayed one waits', async () => {
      const world = await startPushing({ queue: await createQueue() })
      await (await world.startWorker()).started
      const producer = world.producer()
      await producer.push(world.message(0, { sendAt: Date.now() + 60 * second }))
      for (let n = 0; n < 3; n++) {
        const begun = Date.now()
        await producer.push(world.message(n))
        await world.ended(n + 1)
        expect(Date.now() - begun).toBeLessThan(second)
      }
    })

    test('repeats what WeChat was too busy for and keeps to a rate', async () => {
      const world = await startPushing({ queue: await createQueue() })
      world.simulator.addFault({
        path: '/cgi-bin/message/template/send',
        action: { errcode: 40001 },
        times: 4,
      })
      await (await world.startWorker({ rate: 40 })).started
      await world.producer().pushMany(Array.from({ length: 60 }, (_, n) => world.message(n % 20)))
      const rows = await world.ended(60)
      expect(rows.every(({ status }) => status === 'sent')).toBe(true)
      const times = [...world.simulator.accepted()].map(({ at }) => at)
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(second)
    })

    test('tells a producer what became of a push, takes one back and lets held ones go in order', async () => {
      const world = await startPushing({ queue: await createQueue() })
      await (await world.startWorker()).started
      const producer = world.producer()
      const pusher = world.pusher()
      await producer.push(world.message(0, { id: 'sent' }))
      expect(await pusher.wait('sent', { timeoutMs: 10 * second })).toMatchObject({ status: 'sent' })
      await producer.push(world.message(0, { id: 'late', sendAt: Date.now() + 60 * second }))
      expect(await pusher.cancel('late')).toBe('cancelled')
      expect(await pusher.cancel('sent')).toBe('too_late')

      const { openid, unionid } = world.simulator.userAt(25)
      const texts = ['1', '2', '3']
      const held = { hold: true, expiresAt: Date.now() + 60 * second }
      await producer.pushMany(
        texts.map((thing1) => world.message(25, { ...held, data: { thing1, time2: '15:01' } })),
      )
      await vi.waitUntil(async () => (await world.held.count()) === 3)
      world.simulator.follow(openid)
      await world.followers.upsert([{ openid, unionid, subscribed: true }], { at: Date.now() })
      await world.ended(5)
      const told = [...world.simulator.accepted()].filter((message) => message.openid === openid)
      expect(told.map(({ data }) => data.thing1)).toEqual(texts)
    })
  },
  90_000,
)

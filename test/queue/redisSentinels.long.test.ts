import { expect, test, vi } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'
import { startRedisSentinels } from '../helpers/redisSentinels.ts'

const count = 20_000

test(
  'a failover in the middle of 20,000 sends loses none and doubles none',
  async () => {
    const sentinels = await startRedisSentinels()
    const world = await startPushing({ queue: { kind: 'redis', urls: [sentinels.url] } })
    const messages = Array.from({ length: count }, (_, n) => world.message(n % 20, { id: `p${n}` }))
    expect(await world.producer().pushMany(messages)).toMatchObject({ queued: count })
    await sentinels.whenReplicated()
    await world.startWorker()
    const accepted = () => world.simulator.stats().accepted
    await vi.waitUntil(() => accepted() > count / 2, { timeout: 3 * minute, interval: 1 })
    await sentinels.killPrimary()
    expect(accepted()).toBeLessThan(count)
    // All rows are too many to be looked at again and again.
    await vi.waitUntil(() => accepted() === count, { timeout: 4 * minute, interval: 50 })
    const rows = await world.ended(count, minute)
    expect(rows.filter(({ status }) => status !== 'sent')).toEqual([])
    expect(rows).toHaveLength(count)
    expect(accepted()).toBe(count)
  },
  9 * minute,
)

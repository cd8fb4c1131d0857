import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { combinations } from './combinations.ts'
import { type EngineWorld, openEngineWorld } from './world.ts'

const soon = { timeout: 90_000, interval: 1 }

describe.each(combinations)('tables in $database, queue in $queue', (engines) => {
  let world: EngineWorld
  beforeEach(async () => {
    world = await openEngineWorld(engines, { followers: 1_000, pageSize: 100, latencyMs: 30 })
  })
  afterEach(() => world.close())

  test('a killed sync is resumed where it was, and a killed worker loses no push and doubles none', async () => {
    const { simulator, pusher } = world
    const sync = world.start(['sync', '--json'])
    await vi.waitUntil(() => simulator.stats().batchgetOpenids > 200, soon)
    await sync.kill()
    const { batchgetOpenids } = simulator.stats()
    expect(batchgetOpenids).toBeLessThan(950)
    expect(await world.json(['sync'])).toMatchObject({
      status: 'complete',
      resumed: true,
      seen: 1_000,
      added: 1_000,
    })
    // A page at most is fetched again.
    expect(simulator.stats().batchgetOpenids).toBeLessThan(1_000 + 600)

    const first = await world.service()
    const messages = Array.from({ length: 300 }, (_, n) => world.message(n, { id: `p${n}` }))
    expect(await pusher.pushMany(messages)).toMatchObject({ queued: 300, duplicates: 0 })
    await vi.waitUntil(() => simulator.stats().accepted >= 100, soon)
    await first.kill()
    expect(simulator.stats().accepted).toBeLessThan(300)
    const second = await world.service()
    const rows = await world.records(300)
    expect(
      rows.map(({ status }) => status).filter((status) => !['sent', 'delivered'].includes(status)),
    ).toEqual([])
    const accepted = [...simulator.accepted()]
    expect(accepted).toHaveLength(300)
    expect(new Set(rows.map(({ msgid }) => msgid))).toEqual(new Set(accepted.map(({ msgid }) => msgid)))
    expect(rows.filter(({ attempts }) => attempts > 1).length).toBeGreaterThan(0)

    second.child.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 0, signal: null })
  })
})

import { describe, expect, test } from 'vitest'
import { nothingDone } from '../../src/db/syncRuns.ts'
import { engines } from './engines.ts'

const appid = 'wx0123456789abcdef'
const held = { lease: 'sync', owner: 'me' }

describe.each(engines)('$name', ({ create }) => {
  test('a table has been synced once a run of its account was complete', async () => {
    const { database } = await create()
    const followers = database.followers(appid)
    const leases = database.leases()
    const runs = database.syncRuns(appid)
    await leases.acquire('sync', 'me', 60_000)
    const { id } = await runs.begin({ full: false, now: 1, resumableSince: 0 })
    expect(await followers.hasEverSynced()).toBe(false)
    await runs.finish({ id, ...held }, { status: 'stopped', error: 'why', finishedAt: 2 })
    expect(await followers.hasEverSynced()).toBe(false)
    expect(await runs.findLastComplete()).toBeUndefined()
    const next = await runs.begin({ full: false, now: 3, resumableSince: 0 })
    await runs.finish({ id: next.id, ...held }, { status: 'complete', error: null, finishedAt: 4 })
    expect(await followers.hasEverSynced()).toBe(true)
    await runs.begin({ full: false, now: 5, resumableSince: 0 })
    expect(await runs.findLastComplete()).toMatchObject({ id: next.id, finishedAt: 4 })
    expect(await database.followers('wx-other').hasEverSynced()).toBe(false)
  })

  test('how many followers there were is known of every complete run since a time, the oldest first', async () => {
    const { database } = await create()
    const runs = database.syncRuns(appid)
    await database.leases().acquire('sync', 'me', 60_000)
    const ends = [
      ['complete', 1_000, 10],
      ['complete', 2_000, 12],
      ['stopped', 3_000, 5],
      ['complete', 4_000, 11],
    ] as const
    for (const [status, finishedAt, total] of ends) {
      const { id } = await runs.begin({ full: false, now: finishedAt - 500, resumableSince: finishedAt })
      const position = { total, cursor: null, listed: true }
      await runs.record({ id, ...held }, { step: nothingDone, position })
      await runs.finish({ id, ...held }, { status, error: null, finishedAt })
    }
    expect(await runs.findComplete(2_000)).toEqual([
      { finishedAt: 2_000, total: 12 },
      { finishedAt: 4_000, total: 11 },
    ])
    expect(await database.syncRuns('wx-other').findComplete(0)).toEqual([])
  })

  test('old runs are purged, but the newest complete one and those under way stay', async () => {
    const { database, query } = await create()
    const runs = database.syncRuns(appid)
    await database.leases().acquire('sync', 'me', 60_000)
    const ids: number[] = []
    for (const status of ['complete', 'complete', 'stopped', 'running'] as const) {
      const { id } = await runs.begin({ full: false, now: 1_000, resumableSince: 0 })
      ids.push(id)
      if (status !== 'running') await runs.finish({ id, ...held }, { status, error: null, finishedAt: 2_000 })
    }
    expect(await runs.purge(1_000)).toBe(0)
    expect(await runs.purge(1_001)).toBe(2)
    const left = await query('SELECT id FROM sync_runs ORDER BY id')
    expect(left.map(({ id }) => Number(id))).toEqual([ids[1], ids[3]])
  })

  test('a run adds up its steps, with what it saw, while its process holds the lease', async () => {
    const { database } = await create()
    const runs = database.syncRuns(appid)
    await database.leases().acquire('sync', 'me', 60_000)
    const { id } = await runs.begin({ full: false, now: 1_000, resumableSince: 0 })
    const step = { ...nothingDone, pages: 1, seen: 10, added: 4, durationMs: 7 }
    const seen = [{ chunk: 3, bits: Buffer.from([0, 255, 1]) }]
    const recorded = { step, position: { total: 20, cursor: 'next', listed: false }, seen }
    expect(await runs.record({ id, ...held }, recorded)).toBe(true)
    expect(
      await runs.record(
        { id, ...held },
        { step, position: { total: 21, cursor: null, listed: true }, seen: [] },
      ),
    ).toBe(true)
    expect(await runs.findLast()).toEqual({
      id,
      appid,
      status: 'running',
      full: false,
      resumed: false,
      error: null,
      startedAt: 1_000,
      finishedAt: null,
      total: 21,
      cursor: null,
      listed: true,
      ...nothingDone,
      pages: 2,
      seen: 20,
      added: 8,
      durationMs: 14,
    })
    expect(await runs.findSeen(id)).toEqual(seen)
    const other = { id, lease: 'sync', owner: 'another' }
    expect(await runs.record(other, recorded)).toBe(false)
    await runs.finish(other, { status: 'complete', error: null, finishedAt: 2_000 })
    expect(await runs.findLast()).toMatchObject({ status: 'running', pages: 2 })
  })

  test('an unfinished run is resumed, unless it is too old or does less than is asked for', async () => {
    const { database } = await create()
    const runs = database.syncRuns(appid)
    await database.leases().acquire('sync', 'me', 60_000)
    const first = await runs.begin({ full: false, now: 1_000, resumableSince: 0 })
    await runs.record(
      { id: first.id, ...held },
      {
        step: nothingDone,
        position: { total: 1, cursor: 'c', listed: false },
        seen: [{ chunk: 0, bits: Buffer.from([1]) }],
      },
    )
    await runs.finish({ id: first.id, ...held }, { status: 'interrupted', error: 'why', finishedAt: 2_000 })
    expect(await runs.begin({ full: false, now: 3_000, resumableSince: 1_000 })).toMatchObject({
      id: first.id,
      status: 'running',
      resumed: true,
      cursor: 'c',
      error: null,
      finishedAt: null,
    })
    expect(await runs.findSeen(first.id)).toHaveLength(1)
    await database.write([runs.toFull(first.id)])
    expect(await runs.findLast()).toMatchObject({ full: true })
    const second = await runs.begin({ full: false, now: 4_000, resumableSince: 1_001 })
    expect(second).toMatchObject({ resumed: false, full: false, startedAt: 4_000 })
    expect(second.id).toBeGreaterThan(first.id)
    expect(await runs.findSeen(first.id)).toEqual([])
    expect(await runs.begin({ full: true, now: 5_000, resumableSince: 0 })).toMatchObject({
      full: true,
      resumed: false,
      startedAt: 5_000,
    })
  })
})

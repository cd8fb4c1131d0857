import { describe, expect, test, vi } from 'vitest'
import { day, second } from '../../src/base/duration.ts'
import { say, toEnglish } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import type { Database } from '../../src/db/database.ts'
import { createLiveFollowers } from '../../src/db/sqlite/followers/live.ts'
import { followers as followersTable } from '../../src/db/sqlite/followers/tables.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import type { SyncProgress } from '../../src/sync/progress.ts'
import { createTestLog } from '../helpers/pushing.ts'
import { startSyncing } from '../helpers/syncing.ts'

const pageCalls = '/cgi-bin/user/get'
const batchCalls = '/cgi-bin/user/info/batchget'

describe('a sync', () => {
  test('fills the table with every follower as WeChat has it', async () => {
    const { sync, simulator, table, followers } = await startSyncing({ followers: 230 })
    const result = await sync()
    const people = Array.from({ length: 230 }, (_, n) => simulator.userAt(n))
    const withoutUnionid = people.filter(({ unionid }) => !unionid).length
    expect(result).toEqual({
      runId: 1,
      status: 'complete',
      resumed: false,
      total: 230,
      pages: 5,
      seen: 230,
      fetched: 230,
      added: 230,
      updated: 0,
      unsubscribed: 0,
      withoutUnionid,
      oddRows: 0,
      durationMs: expect.any(Number),
      error: null,
    })
    expect(withoutUnionid).toBeGreaterThan(5)
    expect(table().map(({ openid, unionid, subscribed }) => ({ openid, unionid, subscribed }))).toEqual(
      people
        .map(({ openid, unionid = null }) => ({ openid, unionid, subscribed: true }))
        .sort((a, b) => (a.openid < b.openid ? -1 : 1)),
    )
    expect(
      table().every(
        ({ subscribeTime, scene, tagIds, remark }) => subscribeTime && scene && tagIds && remark === '',
      ),
    ).toBe(true)
    expect(await followers.hasEverSynced()).toBe(true)
  })

  test('of an unchanged account asks for a sample and writes no row', async () => {
    const { sync, simulator, db } = await startSyncing({ followers: 230, withoutUnionid: 0 })
    await sync()
    const rows = db.read.select().from(followersTable).all()
    const second = await sync()
    expect(second).toMatchObject({
      status: 'complete',
      pages: 5,
      seen: 230,
      fetched: 0,
      added: 0,
      updated: 0,
      unsubscribed: 0,
      withoutUnionid: 0,
    })
    expect(simulator.stats().batchgetOpenids).toBe(230 + 100)
    expect(db.read.select().from(followersTable).all()).toEqual(rows)
  })

  test('fetches only who is new or back, and marks who left', async () => {
    const { sync, simulator, followers } = await startSyncing({ followers: 230, withoutUnionid: 0 })
    await sync()
    const [gone, back] = [simulator.userAt(7), simulator.userAt(100)]
    simulator.unfollow(gone.openid)
    simulator.unfollow(back.openid)
    expect(await sync()).toMatchObject({ fetched: 0, unsubscribed: 2, total: 228 })
    expect(await followers.findByOpenid(gone.openid)).toMatchObject({
      subscribed: false,
      unionid: gone.unionid ?? null,
    })

    simulator.follow(back.openid)
    const joined = simulator.follow()
    expect(await sync()).toMatchObject({ fetched: 2, added: 1, updated: 1, unsubscribed: 0, total: 230 })
    expect(await followers.findByOpenid(back.openid)).toMatchObject({
      subscribed: true,
      unsubscribedAt: null,
    })
    expect(await followers.findByOpenid(joined.openid)).toMatchObject({ subscribed: true })
    expect(await followers.counts()).toMatchObject({ subscribed: 230, unsubscribed: 1 })
  })

  test('fetches again who is stale, and everybody when told to, without losing a unionid', async () => {
    let now = Date.now()
    const { sync, simulator, followers } = await startSyncing(
      { followers: 120, withoutUnionid: 0 },
      { now: () => now++ },
    )
    await sync()
    const [person, { openid, unionid }] = [simulator.userAt(3), simulator.userAt(4)]
    simulator.setUnionid(person.openid, 'o6_changed')
    simulator.setUnionid(openid, undefined)
    expect(await sync({ full: true })).toMatchObject({ fetched: 120, added: 0, updated: 1 })
    expect(await followers.findByUnionid('o6_changed')).toMatchObject({ openid: person.openid })
    expect(unionid).toBeTruthy()
    expect(await followers.findByOpenid(openid)).toMatchObject({ unionid })

    now += 29 * day
    expect(await sync()).toMatchObject({ fetched: 0 })
    now += 2 * day
    expect(await sync()).toMatchObject({ fetched: 120, updated: 0 })
    expect(await sync()).toMatchObject({ fetched: 0 })
  })

  test('reports its progress at most ten times a second', async () => {
    const { sync } = await startSyncing({ followers: 600, latencyMs: 10 })
    const reports: (SyncProgress & { at: number })[] = []
    const started = performance.now()
    await sync({
      concurrency: 1,
      onProgress: (progress) => reports.push({ ...progress, at: performance.now() }),
    })
    const limit = Math.ceil((performance.now() - started) / 100) + 1
    expect(reports.length).toBeGreaterThan(1)
    expect(reports.length).toBeLessThanOrEqual(limit)
    for (const { total, rate, etaMs } of reports) {
      expect(total).toBe(600)
      expect(rate).toBeGreaterThan(0)
      expect(etaMs).toBeGreaterThanOrEqual(0)
    }
    expect(reports.map(({ seen }) => seen)).toEqual(reports.map(({ seen }) => seen).sort((a, b) => a - b))
  })
})

describe('the list of followers', () => {
  test.each(['last', 'empty'] as const)(
    'ends when its last page has the cursor %s',
    async (lastPageCursor) => {
      const { sync, simulator } = await startSyncing({ followers: 100, lastPageCursor })
      expect(await sync()).toMatchObject({ status: 'complete', pages: 2, seen: 100 })
      expect(simulator.stats().calls[pageCalls]).toBe(lastPageCursor === 'last' ? 3 : 2)
    },
  )

  test('may be empty', async () => {
    const { sync, followers } = await startSyncing({ followers: 0 })
    expect(await sync()).toMatchObject({ status: 'complete', pages: 0, seen: 0, total: 0 })
    expect(await followers.hasEverSynced()).toBe(true)
  })

  test('may change while it is read', async () => {
    const { sync, simulator, followers } = await startSyncing({ followers: 500 })
    let joined: string[] = []
    const result = await sync({
      onProgress: () => {
        if (joined.length > 0) return
        // Some whose page is done, some whose page is to come, and new ones.
        for (const n of [1, 2, 300, 301, 450]) simulator.unfollow(simulator.userAt(n).openid)
        joined = [simulator.follow().openid, simulator.follow().openid]
      },
    })
    expect(result).toMatchObject({ status: 'complete', total: 497 })
    expect(await followers.findByOpenid(joined[0] ?? '')).toMatchObject({ subscribed: true })
    expect(await followers.findByOpenid(simulator.userAt(300).openid)).toBeUndefined()
    await sync()
    expect(await followers.counts()).toMatchObject({ subscribed: 497, unsubscribed: 2 })
  })

  test('is read from the start when WeChat no longer knows the cursor', async () => {
    const { sync, simulator, followers } = await startSyncing({ followers: 230 })
    simulator.addFault({ path: pageCalls, after: 2, times: 1, action: { errcode: 40003 } })
    expect(await sync()).toMatchObject({ status: 'complete', seen: 230, added: 230, fetched: 230 })
    expect(await followers.counts()).toMatchObject({ subscribed: 230 })
  })
})

describe('batchget', () => {
  test('may answer in any order', async () => {
    const { sync, simulator, table } = await startSyncing({ followers: 120 })
    simulator.addFault({ path: batchCalls, action: 'reversed' })
    await sync()
    const unionidOf = new Map(table().map(({ openid, unionid }) => [openid, unionid ?? undefined]))
    const people = Array.from({ length: 120 }, (_, n) => simulator.userAt(n))
    expect(people.filter(({ openid, unionid }) => unionidOf.get(openid) !== unionid)).toEqual([])
  })

  test('is halved until an openid it refuses is alone', async () => {
    const { sync, simulator, followers } = await startSyncing({
      followers: 100,
      pageSize: 100,
      withoutUnionid: 0,
    })
    const { openid } = simulator.userAt(42)
    simulator.addFault({ path: batchCalls, match: { openid }, action: { errcode: 40003 } })
    expect(await sync()).toMatchObject({ status: 'complete', seen: 100, fetched: 100, added: 100 })
    // One whole, then one half refused and one answered, seven times: 100, 50, 25, 13 (or 12), 7, 4, 2, 1.
    expect(simulator.stats().calls[batchCalls]).toBeLessThanOrEqual(15)
    expect(await followers.findByOpenid(openid)).toMatchObject({ subscribed: true, unionid: null })
    expect(await followers.counts()).toMatchObject({ subscribed: 100 })
    expect(await sync()).toMatchObject({ status: 'complete', fetched: 1, withoutUnionid: 1 })
  })
})

describe('a list that leaves out most followers', () => {
  test('is not believed unless forced', async () => {
    const { sync, simulator, followers } = await startSyncing({ followers: 100 })
    await sync()
    for (let n = 0; n < 51; n++) simulator.unfollow(simulator.userAt(n).openid)
    const stopped = await sync()
    expect(stopped).toMatchObject({ status: 'stopped', unsubscribed: 0 })
    expect(stopped.error).toBe(toStored(say('sync.drops_most', { count: 51, subscribed: 100 })))
    expect(await followers.counts()).toMatchObject({ subscribed: 100 })
    expect(await sync({ force: true })).toMatchObject({ status: 'complete', unsubscribed: 51, error: null })
    expect(await followers.counts()).toMatchObject({ subscribed: 49, unsubscribed: 51 })
  })

  test('is believed up to half', async () => {
    const { sync, simulator } = await startSyncing({ followers: 100 })
    await sync()
    for (let n = 0; n < 50; n++) simulator.unfollow(simulator.userAt(n).openid)
    expect(await sync()).toMatchObject({ status: 'complete', unsubscribed: 50 })
  })

  test('is believed of an account with a few followers', async () => {
    const { sync, simulator } = await startSyncing({ followers: 2 })
    await sync()
    simulator.unfollow(simulator.userAt(0).openid)
    simulator.unfollow(simulator.userAt(1).openid)
    expect(await sync()).toMatchObject({ status: 'complete', unsubscribed: 2 })
  })
})

describe('trouble', () => {
  test('that passes is waited for', async () => {
    const { sync, simulator, followers } = await startSyncing({ followers: 300, pageSize: 300 })
    simulator.addFault({ path: pageCalls, times: 1, action: { errcode: -1 } })
    simulator.addFault({ path: batchCalls, times: 1, action: 'html' })
    simulator.addFault({ path: batchCalls, times: 1, action: { status: 502 } })
    simulator.addFault({ path: batchCalls, times: 1, action: 'reset_before' })
    expect(await sync()).toMatchObject({ status: 'complete', added: 300, fetched: 300 })
    expect(await followers.counts()).toMatchObject({ subscribed: 300 })
  })

  test('with the quota leaves a run that the next one finishes, with the counts of both', async () => {
    const { sync, simulator, followers } = await startSyncing({ followers: 500 })
    const fault = simulator.addFault({ path: batchCalls, after: 4, action: { errcode: 45009 } })
    const interrupted = await sync({ concurrency: 1 })
    expect(interrupted).toMatchObject({
      status: 'interrupted',
      resumed: false,
      pages: 4,
      seen: 200,
      unsubscribed: 0,
    })
    expect(interrupted.error).toContain('wechat.45009')
    expect(await followers.hasEverSynced()).toBe(false)
    fault.remove()
    expect(await sync()).toMatchObject({
      runId: interrupted.runId,
      status: 'complete',
      resumed: true,
      error: null,
      pages: 10,
      seen: 500,
      fetched: 500,
      added: 500,
    })
    const asked = Object.values(simulator.stats().cursors)
    expect(asked.filter((times) => times > 1)).toEqual([2])
  })

  test.each([
    [40164, 'not in the whitelist'],
    [50007, ''],
  ])('with the account (%i) ends the run with a sentence and no hammering', async (errcode, words) => {
    const { sync, simulator } = await startSyncing({ followers: 100 })
    simulator.addFault({
      path: '/cgi-bin/stable_token',
      action: { errcode, ...(words && { errmsg: `invalid ip 1.2.3.4, ${words}` }) },
    })
    const result = await sync()
    expect(result).toMatchObject({ status: 'interrupted', seen: 0 })
    expect(result.error?.length).toBeGreaterThan(20)
    if (words) expect(result.error).toContain('1.2.3.4')
    expect(simulator.stats().calls['/cgi-bin/stable_token']).toBe(1)
  })

  test('with the token is none: one that is killed is replaced in the middle', async () => {
    const { sync, simulator } = await startSyncing({ followers: 500 })
    let killed = false
    const result = await sync({
      onProgress: () => {
        if (!killed) simulator.killToken()
        killed = true
      },
    })
    expect(result).toMatchObject({ status: 'complete', added: 500 })
    expect(simulator.stats().tokens.fetches).toBe(2)
  })

  test('made by the user stops it after the calls in flight, and the next one resumes', async () => {
    const { sync, simulator } = await startSyncing({ followers: 2_000, latencyMs: 20 })
    const controller = new AbortController()
    const stopped = await sync({
      signal: controller.signal,
      onProgress: ({ seen }) => seen >= 150 && controller.abort(),
    })
    expect(stopped).toMatchObject({ status: 'interrupted', resumed: false })
    expect(stopped.error).toBe(toStored(say('sync.stopped_on_request')))
    expect(stopped.seen).toBeLessThan(1_000)
    const calls = simulator.stats().calls[batchCalls]
    expect(await sync()).toMatchObject({
      status: 'complete',
      resumed: true,
      seen: 2_000,
      fetched: 2_000,
      added: 2_000,
    })
    expect(calls).toBe(Math.ceil(stopped.fetched / 50))
    // And a sample.
    expect(simulator.stats().batchgetOpenids).toBe(2_000 + 100)
  })

  test('with a full run that was interrupted goes on as a full run', async () => {
    const { sync, simulator } = await startSyncing({ followers: 200 })
    await sync()
    const fault = simulator.addFault({ path: batchCalls, after: 2, action: { errcode: 45009 } })
    expect(await sync({ full: true, concurrency: 1 })).toMatchObject({ status: 'interrupted', fetched: 100 })
    fault.remove()
    expect(await sync()).toMatchObject({ status: 'complete', resumed: true, fetched: 200 })
  })

  test('with a plain run that was interrupted does not keep a full one from fetching all', async () => {
    const { sync, simulator } = await startSyncing({ followers: 200 })
    const fault = simulator.addFault({ path: batchCalls, after: 2, action: { errcode: 45009 } })
    const plain = await sync({ concurrency: 1 })
    fault.remove()
    const full = await sync({ full: true })
    expect(full).toMatchObject({ status: 'complete', resumed: false, fetched: 200 })
    expect(full.runId).not.toBe(plain.runId)
  })

  test('older than a week is not resumed', async () => {
    let now = Date.now()
    const { sync, simulator } = await startSyncing({ followers: 200, withoutUnionid: 0 }, { now: () => now })
    const fault = simulator.addFault({ path: batchCalls, after: 2, action: { errcode: 45009 } })
    await sync({ concurrency: 1 })
    fault.remove()
    now += 8 * day
    expect(await sync()).toMatchObject({ status: 'complete', resumed: false, seen: 200, fetched: 100 })
  })
})

describe('two syncs of one account', () => {
  test('do not run at once: the second says who runs', async () => {
    const { sync, simulator } = await startSyncing({ followers: 50 })
    const fault = simulator.addFault({ path: pageCalls, action: { errcode: -1 } })
    const first = sync()
    await vi.waitFor(() => expect(fault.hits).toBe(1), { timeout: 10_000 })
    const second = await sync()
    fault.remove()
    expect(second).toMatchObject({ status: 'busy', runId: 1 })
    expect(second.error).toContain(`pid ${process.pid}`)
    expect(await first).toMatchObject({ status: 'complete', runId: 1, seen: 50 })
  })

  test('follow each other when the first has died: its lease runs out', async () => {
    const { sync, leases, simulator } = await startSyncing({ followers: 50 })
    const started = Date.now()
    await leases.acquire(`sync ${simulator.appid}`, 'a dead process', 3 * second)
    const waits: string[] = []
    expect(await sync({ onWait: (sentence) => waits.push(toEnglish(sentence)) })).toMatchObject({
      status: 'complete',
    })
    expect(waits).toEqual([expect.stringContaining('a dead process')])
    expect(Date.now() - started).toBeGreaterThanOrEqual(3 * second)
  })

  test('never work on one run: who lost the lease stops and counts nothing more', async () => {
    const { sync, simulator, db, syncRuns } = await startSyncing({ followers: 500 })
    let stolen = false
    const result = await sync({
      concurrency: 1,
      onProgress: () => {
        if (stolen) return
        stolen = true
        void db.write([{ sql: 'UPDATE leases SET owner = ?', params: ['another'] }])
      },
    })
    expect(result).toMatchObject({ status: 'interrupted' })
    expect(result.error).toBe(toStored(say('sync.taken_over')))
    const run = await syncRuns.findLast()
    expect(run).toMatchObject({ status: 'running' })
    expect(run?.pages).toBeLessThan(3)
    expect(simulator.stats().calls[pageCalls]).toBeLessThan(4)
  })
})

describe('events that arrive during a sync', () => {
  test('win over it', async () => {
    const { sync, simulator, db, followers } = await startSyncing({ followers: 300, latencyMs: 20 })
    await sync()
    const live = createLiveFollowers(db, simulator.appid)
    const leavers = [simulator.userAt(0).openid, simulator.userAt(60).openid]
    const told: Promise<unknown>[] = []
    const result = await sync({
      full: true,
      concurrency: 1,
      onProgress: ({ seen }) => {
        const at = Date.now() - (Date.now() % second)
        const openid = leavers[told.length]
        // The first is fetched but not stored yet, the second is stored.
        if (openid === undefined || (told.length === 1 && seen < 150)) return
        const changes = [
          live.toUnfollow([{ openid, at, now: at }]),
          ...live.toFollow([{ openid: 'unlisted', at, now: at }]),
        ]
        const { write }: Database = db
        told.push(write(changes))
      },
    })
    await Promise.all(told)
    expect(told).toHaveLength(2)
    expect(result).toMatchObject({ status: 'complete', unsubscribed: 0 })
    for (const openid of leavers) {
      expect(await followers.findByOpenid(openid)).toMatchObject({ subscribed: false })
    }
    expect(await followers.findByOpenid('unlisted')).toMatchObject({ subscribed: true })
  })
})

test('openids and unionids are in no line of the log above debug', async () => {
  const { log, lines } = createTestLog()
  const { sync, simulator } = await startSyncing({ followers: 60 }, { log })
  simulator.addFault({
    path: batchCalls,
    match: { openid: simulator.userAt(9).openid },
    action: { errcode: 40003 },
  })
  await sync()
  await sync()
  expect(lines.length).toBeGreaterThan(3)
  const text = JSON.stringify(lines.filter(({ level }) => level !== 'debug'))
  for (const { openid, unionid } of people(simulator, 60)) {
    expect(text).not.toContain(openid)
    if (unionid) expect(text).not.toContain(unionid)
  }
})

function people(simulator: Simulator, count: number) {
  return Array.from({ length: count }, (_, n) => simulator.userAt(n))
}

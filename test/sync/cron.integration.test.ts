import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { day, hour, minute } from '../../src/base/duration.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import type { SqliteDatabase } from '../../src/db/sqlite/engine/open.ts'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { createPushes } from '../../src/db/sqlite/pushes/pushes.ts'
import { createLeases } from '../../src/db/sqlite/shared/leases.ts'
import { createSyncRuns } from '../../src/db/sqlite/sync/syncRuns.ts'
import { nothingDone } from '../../src/db/syncRuns.ts'
import { type CronDeps, startCron } from '../../src/sync/cron.ts'
import type { SyncResult } from '../../src/sync/syncFollowers.ts'
import { WechatApiError } from '../../src/wechat/errors.ts'
import { openTestDatabase } from '../helpers/database.ts'
import { createTestLog } from '../helpers/pushing.ts'
import { startSyncing } from '../helpers/syncing.ts'

const appid = 'wx0123456789abcdef'
const never = '0 0 29 2 *'
const options = { appid, syncCron: never, timezone: 'Asia/Shanghai', historyDays: 90 }

afterEach(() => {
  vi.useRealTimers()
})

function toDeps(database: SqliteDatabase, more: Partial<CronDeps> = {}): CronDeps {
  return {
    tokens: { refresh: async () => ({ token: 't', obtainedAt: 0, expiresAt: 0 }) },
    sync: () => Promise.reject(new Error('no sync was expected')),
    followers: createFollowers(database, appid),
    syncRuns: createSyncRuns(database, appid),
    pushes: createPushes(database, appid),
    askIntercepted: async () => {},
    purges: [],
    leases: createLeases(database),
    log: createTestLog().log,
    ...more,
  }
}

/** Ends with the test. */
function start(deps: CronDeps, more: Partial<typeof options> = {}) {
  const cron = startCron(deps, { ...options, ...more })
  onTestFinished(() => cron.stop())
  return cron
}

/** The same; resolves when it has looked whether a sync is due at once, so that time may pass. */
async function startChecked(deps: CronDeps, more: Partial<typeof options>): Promise<void> {
  await new Promise<void>((resolve) => {
    const release: CronDeps['leases']['release'] = async (name, owner) => {
      await deps.leases.release(name, owner)
      if (name === `cron resume ${appid}`) resolve()
    }
    start({ ...deps, leases: { ...deps.leases, release } }, more)
  })
}

async function recordRun(
  database: SqliteDatabase,
  status: 'complete' | 'interrupted' | 'stopped',
  startedAt: number,
) {
  const runs = createSyncRuns(database, appid)
  await createLeases(database).acquire('sync', 'me', minute)
  const { id } = await runs.begin({ full: false, now: startedAt, resumableSince: 0 })
  await runs.finish({ id, lease: 'sync', owner: 'me' }, { status, error: null, finishedAt: startedAt })
}

const synced: SyncResult = {
  runId: 1,
  status: 'complete',
  resumed: false,
  total: 0,
  ...nothingDone,
  error: null,
}

describe('a follower sync', () => {
  test('starts at once, in one of two processes, on a table that never saw a complete one', async () => {
    const { simulator, followers, syncRuns, leases, sync, db } = await startSyncing({ followers: 60, appid })
    const deps = toDeps(db, { followers, syncRuns, leases, sync })
    start(deps)
    start(deps)
    await vi.waitFor(async () => expect(await followers.hasEverSynced()).toBe(true), { timeout: 10_000 })
    await vi.waitFor(async () => expect(await leases.find(`cron resume ${appid}`)).toBeUndefined(), {
      timeout: 10_000,
    })
    expect(await syncRuns.findLast()).toMatchObject({ id: 1, status: 'complete', seen: 60 })
    expect(simulator.stats().batchgetOpenids).toBe(60)
  })

  test('that was interrupted is resumed at once, and one that was complete is left alone', async () => {
    const database = await openTestDatabase()
    let syncs = 0
    const sync = async () => {
      syncs += 1
      return synced
    }
    await recordRun(database, 'complete', 1_000)
    const idle = startCron(toDeps(database, { sync }), options)
    await idle.stop()
    expect(syncs).toBe(0)
    await recordRun(database, 'interrupted', 2_000)
    const resuming = startCron(toDeps(database, { sync }), options)
    await resuming.stop()
    expect(syncs).toBe(1)
  })

  test('runs once per occurrence, whatever the number of processes', async () => {
    const database = await openTestDatabase()
    await recordRun(database, 'complete', Date.now())
    const seconds: number[] = []
    const sync = async () => {
      seconds.push(Math.floor(Date.now() / 1_000))
      return synced
    }
    for (let process = 0; process < 3; process++)
      start(toDeps(database, { sync }), { syncCron: '* * * * * *' })
    await vi.waitFor(() => expect(seconds.length).toBeGreaterThanOrEqual(3), { timeout: 10_000 })
    expect(new Set(seconds).size).toBe(seconds.length)
  })

  test('is planned in the time zone of the configuration', async () => {
    vi.useFakeTimers({
      toFake: ['Date', 'setTimeout', 'clearTimeout'],
      now: Date.UTC(2026, 0, 1, 19, 29, 30),
    })
    const database = await openTestDatabase()
    await recordRun(database, 'complete', Date.now())
    const at: string[] = []
    let isRecorded = false
    const sync = async () => {
      at.push(new Date().toISOString())
      await recordRun(database, 'complete', Date.now())
      isRecorded = true
      return synced
    }
    await startChecked(toDeps(database, { sync }), { syncCron: '30 3 * * *' })
    await passTime(2 * minute)
    await vi.waitFor(() => expect(at).toEqual([expect.stringMatching(/^2026-01-01T19:3[01]/)]))
    // One that is not on record yet would be made up for.
    await vi.waitUntil(() => isRecorded)
    await passTime(hour)
    expect(at).toHaveLength(1)
  })

  test.each([
    ['an hour ago', 25 * hour, 1],
    ['and made since', 30 * minute, 0],
  ])('that was planned %s is made up for once', async (_, age, times) => {
    // Planned for 03:30 in Shanghai, an hour ago.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 20, 30) })
    const database = await openTestDatabase()
    await recordRun(database, 'complete', Date.now() - age)
    let syncs = 0
    const sync = async () => {
      syncs += 1
      await recordRun(database, 'stopped', Date.now())
      return synced
    }
    for (let process = 0; process < 3; process++) {
      await startCron(toDeps(database, { sync }), { ...options, syncCron: '30 3 * * *' }).stop()
    }
    expect(syncs).toBe(times)
  })

  test('that was missed while the process stood still is made up for within an hour', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: Date.UTC(2026, 0, 1, 18, 30) })
    const database = await openTestDatabase()
    await recordRun(database, 'complete', Date.now() - 20 * hour)
    let syncs = 0
    const sync = async () => {
      syncs += 1
      await recordRun(database, 'complete', Date.now())
      return synced
    }
    await startChecked(toDeps(database, { sync }), { syncCron: '30 3 * * *' })
    await passTime(minute)
    expect(syncs).toBe(0)
    vi.setSystemTime(Date.now() + 3 * hour)
    await passTime(hour)
    await vi.waitFor(() => expect(syncs).toBe(1))
  })

  test('is interrupted when cron is stopped, which waits for it', async () => {
    const { followers, syncRuns, leases, sync, db } = await startSyncing({
      followers: 500,
      latencyMs: 20,
      appid,
    })
    const cron = startCron(toDeps(db, { followers, syncRuns, leases, sync }), options)
    await vi.waitFor(async () => expect((await syncRuns.findLast())?.seen).toBeGreaterThan(0), {
      timeout: 10_000,
    })
    await cron.stop()
    expect(await syncRuns.findLast()).toMatchObject({
      status: 'interrupted',
      error: toStored(say('sync.stopped_on_request')),
    })
    expect(await leases.find(`sync ${appid}`)).toBeUndefined()
  })
})

describe('the token', () => {
  test('is looked after every minute, and its trouble is logged once', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: Date.UTC(2026, 0, 1, 0, 0, 30) })
    const database = await openTestDatabase()
    await recordRun(database, 'complete', 1_000)
    const { log, lines } = createTestLog()
    const outcomes = [true, false, false, false, true]
    let refreshes = 0
    const tokens: CronDeps['tokens'] = {
      async refresh() {
        refreshes += 1
        if (outcomes.shift()) return { token: 't', obtainedAt: 0, expiresAt: 0 }
        throw new WechatApiError({
          errcode: 40164,
          errmsg: `invalid ip 1.2.3.4 rid: 6aac0077-33f385b5-0000000${refreshes}`,
          path: '/cgi-bin/stable_token',
        })
      },
    }
    start(toDeps(database, { tokens, log }))
    start(toDeps(database, { tokens, log }))
    for (let passed = 1; passed <= 5; passed++) {
      await vi.advanceTimersByTimeAsync(minute)
      await vi.waitFor(() => expect(refreshes).toBe(passed), { interval: 1, timeout: 1_000 })
    }
    const told = lines.filter(({ duty }) => duty === 'token')
    expect(told).toMatchObject([
      {
        level: 'error',
        reason: expect.stringMatching(/1\.2\.3\.4.+\(errcode 40164, rid 6aac0077-33f385b5-00000002\)$/),
      },
      { level: 'info', msg: 'cron task recovered' },
    ])
  })
})

test('WeChat is asked what it intercepted once a day, by one of two processes', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: Date.UTC(2026, 0, 1, 22, 30) })
  const database = await openTestDatabase()
  await recordRun(database, 'complete', Date.now())
  const at: string[] = []
  const leases = createLeases(database)
  let asked = 0
  const deps = toDeps(database, {
    async askIntercepted() {
      at.push(new Date().toISOString())
    },
    leases: {
      ...leases,
      async acquire(...lease) {
        const isOurs = await leases.acquire(...lease)
        if (lease[0].startsWith(`cron intercepted ${appid}`)) asked++
        return isOurs
      },
    },
  })
  start(deps)
  start(deps)
  await passTime(17 * minute)
  // Both have asked whose turn it is, before the hour that the turn lasts has passed.
  await vi.waitUntil(() => asked === 2 && at.length > 0)
  for (let passed = 0; passed < 23; passed++) await passTime(hour)
  expect(at).toEqual([expect.stringMatching(/^2026-01-01T22:47/)])
})

describe('the history', () => {
  test('is purged every hour, all that is too old and nothing else', async () => {
    const now = Date.UTC(2026, 5, 1, 0, 30)
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now })
    const database = await openTestDatabase()
    await recordRun(database, 'complete', now - 91 * day)
    await recordRun(database, 'stopped', now - 91 * day)
    await recordRun(database, 'complete', now - 89 * day)
    const insert =
      'INSERT INTO pushes (id, appid, template_id, status, attempts, generation, message, created_at, finished_at) VALUES (?, ?, ?, ?, 1, 0, ?, ?, ?)'
    const toRow = (id: string, finishedAt: number | null) => [id, appid, 't', 'sent', '{}', 0, finishedAt]
    const old = Array.from({ length: 2_500 }, (_, n) => toRow(`old ${n}`, now - 91 * day))
    const rows = [...old, toRow('recent', now - 89 * day), toRow('unfinished', null)]
    await database.write([{ sql: insert, rows }])
    const leases = createLeases(database)
    await leases.acquire('old lease', 'me', minute)
    let purged = false
    const purgeMore = async () => {
      purged = true
    }
    start(toDeps(database, { leases, purges: [purgeMore] }))
    await passTime(hour)
    await vi.waitFor(() => {
      expect(database.read.all('SELECT id FROM pushes ORDER BY id')).toEqual([
        { id: 'recent' },
        { id: 'unfinished' },
      ])
    })
    await vi.waitFor(() => expect(database.read.all('SELECT id FROM sync_runs')).toEqual([{ id: 3 }]))
    await vi.waitFor(async () => expect(await leases.find('old lease')).toBeUndefined())
    await vi.waitFor(() => expect(purged).toBe(true))
  })
})

/** Lets planned work run and finish; the database works in its own time. */
async function passTime(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

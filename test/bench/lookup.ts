import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'
import { openPostgres } from '../../src/db/postgres/stores.ts'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { withBenchSchema } from './benchSchema.ts'
import { fillTable } from './fillTable.ts'
import { benchAppid, openidAt, toUnionid } from './followerData.ts'

const lookups = 100_000

/** Random unionids among all followers, in milliseconds that 99 of 100 lookups stay under, beside a bare prepared statement; must be under 0.1. */
export async function benchLookup(followers = 1_000_000) {
  const directory = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
  const path = join(directory, 'bench.db')
  await fillTable(path, followers)
  const database = await openSqlite({ path, log: pino({ level: 'silent' }) })
  const bare = new Sqlite(path, { readonly: true })
  try {
    const { findByUnionid } = createFollowers(database, benchAppid)
    const select = bare.prepare('SELECT * FROM followers WHERE appid = ? AND unionid = ?')
    const ceiling = await measure(followers, (unionid) => select.get(benchAppid, unionid))
    const ours = await measure(followers, findByUnionid)
    return {
      bench: 'lookup.1m',
      unit: 'ms, p99',
      ours,
      ceiling,
      ratio: round(ours / ceiling, 100),
      followers,
    }
  } finally {
    bare.close()
    await database.close()
    await rm(directory, { recursive: true })
  }
}

const inFlight = 50

/** The same on PostgreSQL with 50 lookups under way at a time; must be under 5. */
export async function benchLookupPostgres(followers = 300_000) {
  return withBenchSchema(async (databaseUrl) => {
    const log = pino({ level: 'silent' })
    const database = await openPostgres({ ...toPostgresAddress(databaseUrl), log })
    try {
      const { upsert, findByUnionid } = database.followers(benchAppid)
      for (let start = 0; start < followers; start += 5_000) {
        const openids = Array.from({ length: 5_000 }, (_, n) => openidAt(start + n))
        const infos = openids.map((openid) => ({ openid, unionid: toUnionid(openid), subscribed: true }))
        await upsert(infos, { at: Date.now() })
      }
      const measured = Array.from({ length: inFlight }, () =>
        timesOf(lookups / inFlight, followers, findByUnionid),
      )
      const times = (await Promise.all(measured)).flatMap((some) => [...some])
      return {
        bench: 'lookup.postgres',
        unit: 'ms, p99',
        ours: p99(times),
        ceiling: 5,
        ratio: round(p99(times) / 5, 100),
        followers,
      }
    } finally {
      await database.close()
    }
  })
}

async function measure(followers: number, find: (unionid: string) => unknown): Promise<number> {
  return p99(await timesOf(lookups, followers, find))
}

/** How long each of so many lookups took, one after the other. */
async function timesOf(
  count: number,
  followers: number,
  find: (unionid: string) => unknown,
): Promise<Float64Array> {
  const times = new Float64Array(count)
  for (let n = 0; n < count; n++) {
    const unionid = toUnionid(openidAt(Math.floor(Math.random() * followers)))
    const started = performance.now()
    const row = await find(unionid)
    times[n] = performance.now() - started
    if (row === undefined) throw new Error('a follower was not found')
  }
  return times
}

function p99(times: Iterable<number>): number {
  const sorted = Float64Array.from(times).sort()
  return round(sorted[Math.floor(sorted.length * 0.99)] ?? 0, 10_000)
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps
}

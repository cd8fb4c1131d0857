import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
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

async function measure(followers: number, find: (unionid: string) => unknown): Promise<number> {
  const times = new Float64Array(lookups)
  for (let n = 0; n < lookups; n++) {
    const unionid = toUnionid(openidAt(Math.floor(Math.random() * followers)))
    const started = performance.now()
    const row = await find(unionid)
    times[n] = performance.now() - started
    if (row === undefined) throw new Error('a follower was not found')
  }
  return round(times.sort()[Math.floor(lookups * 0.99)] ?? 0, 10_000)
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps
}

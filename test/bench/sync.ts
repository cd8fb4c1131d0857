import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { makeBareCalls } from './bareCalls.ts'
import { withBenchSchema } from './benchSchema.ts'
import { build } from './build.ts'
import { fillTable } from './fillTable.ts'
import { benchAppid } from './followerData.ts'

const syncFigures = z.object({
  firstMs: z.number(),
  firstAdded: z.number(),
  secondMs: z.number(),
  secondCalls: z.number(),
  secondWrites: z.number(),
  complete: z.boolean(),
  peakMb: z.number(),
  loopMs: z.number(),
})
const listening = z.object({ port: z.number() })
const concurrency = 10

/**
 * A first sync from a server that answers at once, beside bare upserts of the same rows without HTTP: followers per
 * second, at least 0.6 of them. The second sync has nothing to call for or to write; memory is compared with a tenth of
 * the followers. Measures the built program.
 */
export async function benchSync(followers = 1_000_000) {
  await build()
  const small = await withServer(followers / 10, 0, runSync)
  const ceiling = perSecond(followers, await withFile((path) => fillTable(path, followers)))
  const sync = await withServer(followers, 0, runSync)
  const ours = perSecond(sync.firstAdded, sync.firstMs)
  return {
    bench: 'sync.1m',
    unit: 'followers/s',
    ours,
    ceiling,
    ratio: round(ours / ceiling),
    followers,
    complete: sync.complete,
    secondMs: Math.round(sync.secondMs),
    secondCalls: sync.secondCalls,
    secondWrites: sync.secondWrites,
    loopMs: round(sync.loopMs),
    peakMb: Math.round(sync.peakMb),
    memoryRatio: round(sync.peakMb / small.peakMb),
  }
}

/** A first sync at 100 ms latency, beside the bare calls: seconds, at most 1.1 times theirs. Measures the built program. */
export async function benchSyncLatency(followers = 1_000_000) {
  await build()
  const sync = await withServer(followers, 100, runSync)
  const bareMs = await withServer(followers, 100, (base) => makeBareCalls(base, concurrency))
  return {
    bench: 'sync.100ms',
    unit: 's',
    ours: round(sync.firstMs / 1_000),
    ceiling: round(bareMs / 1_000),
    ratio: round(sync.firstMs / bareMs),
    followers,
    complete: sync.complete,
  }
}

/** The same on PostgreSQL, beside SQLite: seconds, at most 2 times as many at first, and 1.5 times when nothing is new. */
export async function benchSyncPostgres(followers = 1_000_000) {
  await build()
  const sqlite = await withServer(followers, 0, runSync)
  const postgres = await withServer(followers, 0, (base) =>
    withBenchSchema((databaseUrl) => runSyncOn(databaseUrl, base)),
  )
  return {
    bench: 'sync.postgres',
    unit: 's',
    ours: round(postgres.firstMs / 1_000),
    ceiling: round(sqlite.firstMs / 1_000),
    ratio: round(postgres.firstMs / sqlite.firstMs),
    secondRatio: round(postgres.secondMs / sqlite.secondMs),
    followers,
    complete: postgres.complete && sqlite.complete,
    secondCalls: postgres.secondCalls,
    secondWrites: postgres.secondWrites,
    peakMb: Math.round(postgres.peakMb),
  }
}

function runSync(base: string): Promise<z.infer<typeof syncFigures>> {
  return withFile((path) => runSyncOn(`file:${path}`, base))
}

async function runSyncOn(databaseUrl: string, base: string): Promise<z.infer<typeof syncFigures>> {
  const file = fileURLToPath(new URL('syncRole.mjs', import.meta.url))
  const child = fork(file, [databaseUrl, base, benchAppid, String(concurrency)], { execArgv: [] })
  const [figures] = await once(child, 'message')
  return syncFigures.parse(figures)
}

async function withServer<T>(
  followers: number,
  latency: number,
  use: (base: string) => Promise<T>,
): Promise<T> {
  const file = fileURLToPath(new URL('followerServer.ts', import.meta.url))
  const server = fork(file, [String(followers), String(latency)])
  try {
    const [message] = await once(server, 'message')
    return await use(`http://127.0.0.1:${listening.parse(message).port}`)
  } finally {
    server.disconnect()
  }
}

async function withFile<T>(use: (path: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
  try {
    return await use(join(directory, 'bench.db'))
  } finally {
    await rm(directory, { recursive: true })
  }
}

function perSecond(count: number, ms: number): number {
  return Math.round((count * 1_000) / ms)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'
import { openDatabase } from '../../src/db/open.ts'
import type { PusherOptions } from '../../src/library/createPusher.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { findFreePort } from '../helpers/freePort.ts'
import { type Arrival, watchArrivals } from './arrivals.ts'
import { crowd } from './asks.ts'
import type { CallerBook } from './caller.ts'
import type { Chance } from './chance.ts'
import { type Crew, startCrew } from './crew.ts'
import type { RunDatabase, RunQueue } from './database.ts'
import { createDesk, type Desk } from './desk.ts'
import type { Engines } from './engines.ts'
import type { Conditions } from './fault.ts'
import { type RunPostgres, startPostgres } from './postgres.ts'
import { type PrivateRedis, startRedis, toRedisQueue } from './redis.ts'
import { createSqliteFile } from './sqlite.ts'
import { createWire, type Wire } from './wire.ts'

/**
 * What the faults have to admit to the audit. The two counts are of a whole run: which pushes a fault met nobody can
 * tell from outside, so each push gets the slack of all the faults of its run.
 */
interface Admitted {
  /** How often a try may have been begun that never arrived. */
  mishaps: number
  /** How often locks may have been lost. */
  lostLocks: number
  /** Pushes whose records were in a file that is gone. */
  lost: Set<string>
  /** Pushes that waited in a Redis that wrote nothing down. */
  forgotten: Set<string>
  /** msgids whose receipts may have been in a file that is gone. */
  lostReceipts: Set<string>
  isOutOfQuota: boolean
}

/** Everything a run happens in, and what the faults lay hands on. */
export interface World {
  readonly conditions: Conditions
  readonly appid: string
  readonly simulator: Simulator
  /** The ways to WeChat's first and second base URL. */
  readonly wires: readonly [Wire, Wire]
  /** Where the queue is there. */
  readonly redis?: PrivateRedis
  /** Where the tables are there, and with no Redis the queue. */
  readonly postgres?: RunPostgres
  readonly queue: RunQueue
  readonly database: RunDatabase
  /** How the caller finds the queue. */
  readonly producer: PusherOptions
  readonly workers: Crew
  readonly desk: Desk
  readonly caller: CallerBook
  /** One process that syncs at once, because the table has never seen a complete sync. */
  startCron(): Crew
  /** What the faults themselves find wrong. */
  readonly complaints: string[]
  readonly arrivals: readonly Arrival[]
  /** How much longer than in the short form a fault lasts. */
  readonly stretch: number
  readonly admitted: Admitted
  close(): Promise<void>
}

/** All who follow; only `crowd` of them are in the table at the start, and a few who do not follow any more. */
export const followerCount = 1_500
export const ghosts = 20

interface WorldOptions {
  main: string
  chance: Chance
  stretch: number
  conditions: Conditions
  engines: Engines
}

export async function createWorld({
  main,
  chance,
  stretch,
  conditions,
  engines,
}: WorldOptions): Promise<World> {
  const releasers: (() => unknown)[] = []
  const close = async () => {
    for (const release of releasers.splice(0).reverse()) await release()
  }
  try {
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-chaos-'))
    releasers.push(() => rm(dir, { recursive: true, force: true }))
    const appid = `wx${randomBytes(8).toString('hex')}`
    let port = 0
    const { arrivals, stop } = watchArrivals(() => port)
    releasers.push(stop)
    const simulator = await createSimulator({
      appid,
      followers: followerCount,
      pageSize: 100,
      seed: chance.count(1, 1_000_000),
      latencyMs: chance.pick([0, 20, 60, 150]),
      now: () => Date.now() + conditions.clockOffset,
    })
    port = simulator.port
    releasers.push(() => simulator.close())
    const wires = [await createWire(port), await createWire(port)] as const
    releasers.push(() => Promise.all(wires.map((wire) => wire.close())))
    const servers = await startServers(engines, { dir, conditions, releasers })
    const { database, producer } = servers
    await fillTables(database, simulator)

    const start = (name: string, size: number, more: Record<string, string> = {}): Crew => {
      const crew = startCrew({
        main,
        words: [name],
        size,
        cwd: dir,
        env: { ...env, ...more },
        mayGiveUp: isAway,
      })
      releasers.push(() => crew.close())
      return crew
    }
    const env = {
      WECHAT_APPID: appid,
      WECHAT_SECRET: simulator.secret,
      WECHAT_API_BASE: wires.map((wire) => `http://127.0.0.1:${wire.port}`).join(','),
      DATABASE_URL: database.url,
      ...(producer.redisUrl !== undefined && { REDIS_URL: producer.redisUrl }),
      PUSH_RATE: String(conditions.pushRate),
      PUSH_CONCURRENCY: String(chance.pick([3, 10, 50, 200])),
    }
    const workers = start('worker', chance.count(1, 3))
    const desk = await createDesk({
      simulator,
      chance: chance.fork(),
      stretch,
      port: await findFreePort(),
      start: (word, more) => start(word, 1, more),
    })
    releasers.push(() => desk.wire.close())
    return {
      conditions,
      appid,
      simulator,
      wires,
      ...servers,
      workers,
      desk,
      caller: { told: new Map(), errors: [] },
      startCron: () => start('cron', 1),
      complaints: [],
      arrivals,
      stretch,
      admitted: {
        mishaps: 0,
        lostLocks: 0,
        lost: new Set(),
        forgotten: new Set(),
        lostReceipts: new Set(),
        isOutOfQuota: false,
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Started while its server is away, a process says so and ends. */
function isAway(text: string): boolean {
  return text.includes('Database postgres://')
}

interface ServersOptions {
  dir: string
  conditions: Conditions
  releasers: (() => unknown)[]
}

/** The tables and the queue. */
async function startServers(engines: Engines, { dir, conditions, releasers }: ServersOptions) {
  const postgres = engines.database === 'postgres' ? await startPostgres(dir) : undefined
  const database = postgres?.database ?? createSqliteFile(join(dir, 'data'))
  releasers.push(() => database.close())
  if (postgres && engines.queue === 'postgres')
    return { postgres, database, queue: postgres.queue, producer: { databaseUrl: database.url } }
  const redis = await startRedis(dir, await findFreePort(), conditions.evictionPolicy)
  releasers.push(() => redis.close())
  const redisUrl = `redis://127.0.0.1:${redis.wire.port}`
  return {
    ...(postgres && { postgres }),
    redis,
    database,
    queue: toRedisQueue(redis),
    producer: { redisUrl },
  }
}

/** What a sync could have learnt yesterday. */
async function fillTables({ url }: RunDatabase, simulator: Simulator): Promise<void> {
  const config = url.startsWith('file:')
    ? ({ engine: 'sqlite', path: url.slice('file:'.length) } as const)
    : ({ engine: 'postgres', ...toPostgresAddress(url) } as const)
  const database = await openDatabase(config, pino({ level: 'silent' }))
  const people = [
    ...Array.from({ length: crowd }, (_, n) => simulator.userAt(n)),
    ...Array.from({ length: ghosts }, (_, n) => simulator.userAt(followerCount + n)),
  ]
  const now = Date.now()
  await database.followers(simulator.appid).upsert(
    people.map(({ openid, unionid }) => ({ openid, subscribed: true, ...(unionid && { unionid }) })),
    { at: now },
  )
  await database.templates(simulator.appid).replace(simulator.templates, now)
  await database.close()
}

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { createTemplates } from '../../src/db/sqlite/account/templates.ts'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { type Crew, startCrew } from '../chaos/crew.ts'
import { buildProgram } from '../chaos/program.ts'
import { type PrivateRedis, startRedis } from '../chaos/redis.ts'
import { createWire, type Wire } from '../chaos/wire.ts'
import { findFreePort } from '../helpers/freePort.ts'

/** A worker and a callback server as they are run for real, WeChat, and a Redis of their own. */
export interface Setup {
  readonly appid: string
  readonly simulator: Simulator
  /** To WeChat. */
  readonly wire: Wire
  readonly redis: PrivateRedis
  readonly redisUrl: string
  readonly databasePath: string
  readonly workers: Crew
  readonly server: Crew
  /** Where strangers post. */
  readonly callbackUrl: string
  close(): Promise<void>
}

export const followerCount = 2_000

export async function setUp(): Promise<Setup> {
  const releasers: (() => unknown)[] = []
  const close = async () => {
    for (const release of releasers.splice(0).reverse()) await release()
  }
  try {
    const program = await buildProgram([])
    releasers.push(() => program.remove())
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-soak-'))
    releasers.push(() => rm(dir, { recursive: true, force: true }))
    const appid = `wx${randomBytes(8).toString('hex')}`
    const simulator = await createSimulator({
      appid,
      followers: followerCount,
      latencyMs: 50,
      // What is kept of each message would be the first thing to fill the memory.
      keepAccepted: false,
      quotas: { templateSend: 1e9, stableToken: 1e9 },
    })
    releasers.push(() => simulator.close())
    const wire = await createWire(simulator.port)
    releasers.push(() => wire.close())
    const redis = await startRedis(dir, await findFreePort(), 'noeviction')
    releasers.push(() => redis.close())
    // As it is run for real: what it was told is neither kept for ever nor written down before each answer.
    await redis.command('config', 'set', 'appendfsync', 'everysec')
    await redis.command('config', 'set', 'auto-aof-rewrite-percentage', '100')
    const redisUrl = `redis://127.0.0.1:${redis.wire.port}`
    const databasePath = join(dir, 'data', 'unionpush.db')
    await fillTables(databasePath, simulator)

    const port = await findFreePort()
    const callback = {
      token: randomBytes(12).toString('hex'),
      encodingAesKey: `${randomBytes(21).toString('hex')}A`,
    }
    const env = {
      WECHAT_APPID: appid,
      WECHAT_SECRET: simulator.secret,
      WECHAT_API_BASE: `http://127.0.0.1:${wire.port}`,
      WECHAT_CALLBACK_TOKEN: callback.token,
      WECHAT_ENCODING_AES_KEY: callback.encodingAesKey,
      HTTP_PORT: String(port),
      DATABASE_URL: `file:${databasePath}`,
      REDIS_URL: redisUrl,
      NODE_OPTIONS: `--import ${fileURLToPath(new URL('lag.mjs', import.meta.url))}`,
    }
    const start = (word: string): Crew => {
      const crew = startCrew({ main: program.main, words: [word], size: 1, cwd: dir, env })
      releasers.push(() => crew.close())
      return crew
    }
    const workers = start('worker')
    const server = start('serve')
    await Promise.all([workers.ready(30_000), server.ready(30_000)])
    const callbackUrl = `http://127.0.0.1:${port}`
    await simulator.setCallback({
      url: `${callbackUrl}/wechat/callback`,
      ...callback,
      pauseMs: 0,
      concurrency: 50,
    })
    return { appid, simulator, wire, redis, redisUrl, databasePath, workers, server, callbackUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function fillTables(path: string, simulator: Simulator): Promise<void> {
  const database = await openSqlite({ path, log: pino({ level: 'silent' }) })
  const people = Array.from({ length: followerCount }, (_, n) => simulator.userAt(n))
  const now = Date.now()
  await createFollowers(database, simulator.appid).upsert(
    people.map(({ openid, unionid }) => ({ openid, subscribed: true, ...(unionid && { unionid }) })),
    { at: now },
  )
  await createTemplates(database, simulator.appid).replace(simulator.templates, now)
  await database.close()
}

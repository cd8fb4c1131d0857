import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { pino } from 'pino'
import { toPostgresAddress } from '../../src/base/urls/postgresUrl.ts'
import { openPostgres } from '../../src/db/postgres/stores.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { withBenchSchema } from './benchSchema.ts'
import { build } from './build.ts'
import { compare, redisUrl, withAccount } from './measure.ts'
import { openidAt, toMessage, unionidAt, withServer } from './send.ts'

const followers = 10_000
const total = 12_000
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/**
 * Two worker processes on one PostgreSQL and one Redis beside one of them, 50 sends in flight each against 50 ms latency, so
 * that the processor is not what they share: at least 1.3 times as many sends. Measures the built program.
 */
export async function benchSendWorkers() {
  await build()
  return withServer(50, async (base) => ({
    bench: 'send.workers',
    ...(await compare(
      'sends/s',
      () => sendWith(2, base),
      () => sendWith(1, base),
      3,
    )),
  }))
}

function sendWith(count: number, base: string): Promise<number> {
  return withAccount((appid) =>
    withBenchSchema(async (databaseUrl) => {
      const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
      const env = {
        PATH: process.env.PATH,
        WECHAT_APPID: appid,
        WECHAT_SECRET: 'bench',
        WECHAT_API_BASE: base,
        DATABASE_URL: databaseUrl,
        REDIS_URL: redisUrl,
        DATA_DIR: dir,
        LOG_LEVEL: 'warn',
      }
      await fill(appid, databaseUrl)
      const workers: ChildProcess[] = []
      try {
        for (let n = 0; n < count; n++) {
          workers.push(spawn(process.execPath, [main, 'worker'], { cwd: dir, env, stdio: 'inherit' }))
        }
        return await measure(databaseUrl)
      } finally {
        await Promise.all(workers.map(end))
        await rm(dir, { recursive: true })
      }
    }),
  )
}

async function fill(appid: string, databaseUrl: string): Promise<void> {
  const database = await openPostgres({ ...toPostgresAddress(databaseUrl), log: pino({ level: 'silent' }) })
  const infos = Array.from({ length: followers }, (_, n) => ({
    openid: openidAt(n),
    unionid: unionidAt(n),
    subscribed: true,
  }))
  await database.followers(appid).upsert(infos, { at: Date.now() })
  await database.close()
  const pusher = createPusher({ appid, redisUrl })
  await pusher.pushMany(Array.from({ length: total }, (_, n) => toMessage(n)))
  await pusher.close()
}

/** Sends a second between the first tenth and the last one: starting and ending are not what is measured. */
async function measure(databaseUrl: string): Promise<number> {
  const { url, schema } = toPostgresAddress(databaseUrl)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const sent = async () => {
    const { rows } = await client.query(`select count(*) from ${schema}.pushes where status = 'sent'`)
    return Number(rows[0].count)
  }
  const reach = async (wanted: number) => {
    for (;;) {
      const count = await sent()
      if (count >= wanted) return { count, at: performance.now() }
      await sleep(50)
    }
  }
  const begin = await reach(total / 10)
  const end = await reach((total * 9) / 10)
  await client.end()
  return ((end.count - begin.count) / (end.at - begin.at)) * 1_000
}

async function end(worker: ChildProcess): Promise<void> {
  const ended = once(worker, 'exit')
  worker.kill('SIGTERM')
  await ended
}

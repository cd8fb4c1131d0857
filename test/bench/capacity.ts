import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { fillTable } from './fillTable.ts'
import { redisUrl, withAccount } from './measure.ts'

/**
 * `npx tsx test/bench/capacity.ts`: what a follower and a push take, as one JSON line: bytes in the database and in
 * Redis, and CPU of a worker process and of Redis per 1,000 sends. CPU counts only where nothing else uses that Redis.
 */
const people = 500
const pushes = 10_000
const followers = 100_000
/** Clock ticks a second in `/proc`. */
const ticks = 100
const workerProcess = fileURLToPath(new URL('../helpers/workerProcess.ts', import.meta.url))
const log = pino({ level: 'silent' })

const dir = await mkdtemp(join(tmpdir(), 'unionpush-capacity-'))
const redis = new Redis(redisUrl)
try {
  const bytesPerFollower = await measureFollowers()
  const figures = await withAccount(measurePushes)
  process.stdout.write(`${JSON.stringify({ bench: 'capacity', bytesPerFollower, ...figures })}\n`)
} finally {
  redis.disconnect()
  await rm(dir, { recursive: true })
}

async function measureFollowers(): Promise<number> {
  const path = join(dir, 'followers.db')
  await fillTable(path, followers)
  return Math.round((await sizeOf(path)) / followers)
}

async function measurePushes(appid: string) {
  const simulator = await createSimulator({ appid, followers: people, seed: 1, keepAccepted: false })
  const path = join(dir, 'pushes.db')
  const database = await openSqlite({ path, log })
  const infos = Array.from({ length: people }, (_, n) => ({ ...simulator.userAt(n), subscribed: true }))
  await createFollowers(database, appid).upsert(infos, { at: Date.now() })
  await database.close()

  const emptyRedis = await readInfo('used_memory')
  await queuePushes(appid, simulator)
  const bytesInRedis = ((await readInfo('used_memory')) - emptyRedis) / pushes
  const emptyDatabase = await sizeOf(path)
  const { base, secret } = simulator
  const queue = { kind: 'redis', urls: [redisUrl] }
  const worker = fork(workerProcess, [JSON.stringify({ appid, secret, base, queue, path })], {
    execArgv: ['--import', 'tsx'],
  })
  await once(worker, 'message')
  const before = [await cpuSeconds(worker.pid), await redisCpuSeconds()] as const
  while (simulator.stats().accepted < pushes) await sleep(100)
  const cpu = [(await cpuSeconds(worker.pid)) - before[0], (await redisCpuSeconds()) - before[1]] as const
  worker.kill('SIGTERM')
  await once(worker, 'exit')
  await simulator.close()
  return {
    bytesInRedisPerWaitingPush: Math.round(bytesInRedis),
    bytesPerRecord: Math.round(((await sizeOf(path)) - emptyDatabase) / pushes),
    workerCpuMsPer1000: Math.round((cpu[0] / pushes) * 1e6),
    redisCpuMsPer1000: Math.round((cpu[1] / pushes) * 1e6),
  }
}

async function queuePushes(appid: string, simulator: Awaited<ReturnType<typeof createSimulator>>) {
  const pusher = createPusher({ appid, redisUrl })
  const templateId = simulator.templates[0]?.templateId ?? ''
  await pusher.pushMany(
    Array.from({ length: pushes }, (_, n) => ({
      unionid: simulator.userAt(n % people).unionid ?? '',
      templateId,
      data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
      url: `https://shop.example.com/orders/${n}`,
      id: `order-${n}-shipped`,
    })),
  )
  await pusher.close()
}

/** With all of it in the one file. */
async function sizeOf(path: string): Promise<number> {
  const connection = new Sqlite(path)
  connection.pragma('wal_checkpoint(TRUNCATE)')
  connection.close()
  return (await stat(path)).size
}

async function readInfo(field: string): Promise<number> {
  const line = (await redis.info()).split('\r\n').find((text) => text.startsWith(`${field}:`))
  return Number(line?.split(':')[1])
}

async function redisCpuSeconds(): Promise<number> {
  return (await readInfo('used_cpu_user')) + (await readInfo('used_cpu_sys'))
}

async function cpuSeconds(pid = 0): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / ticks
}

import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { isNotNull, count as total } from 'drizzle-orm'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { onTestFinished, vi } from 'vitest'
import type { QueueConfig } from '../../src/base/config.ts'
import { createSerializers } from '../../src/base/log.ts'
import type { PushRow } from '../../src/db/pushes.ts'
import { createAccountState } from '../../src/db/sqlite/account/accountState.ts'
import { createTemplates } from '../../src/db/sqlite/account/templates.ts'
import { createFollowers } from '../../src/db/sqlite/followers/followers.ts'
import { createHeldPushes } from '../../src/db/sqlite/pushes/heldPushes.ts'
import { createPushes } from '../../src/db/sqlite/pushes/pushes.ts'
import { pushes as table } from '../../src/db/sqlite/pushes/tables.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { createProducer } from '../../src/push/producer.ts'
import { queuePrefix, toControlQueueName, toQueueName } from '../../src/queue/names.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import type { WorkerQueue } from '../../src/queue/workerQueue.ts'
import type { PushWorkerOptions } from '../../src/sending/worker.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { forkProcess } from './forkProcess.ts'
import { openPushWorker } from './pushWorker.ts'
import { needRedis, redisUrl } from './redisNeeded.ts'
import { startSimulator } from './simulatorClient.ts'

export { redisUrl }

interface PushingOptions {
  queue?: QueueConfig
  simulator?: SimulatorOptions
  /** How many of the simulator's people our table knows; default: all who follow. */
  known?: number
}

export type Pushing = Awaited<ReturnType<typeof startPushing>>

/** An account of its own on real servers: simulator, queue, database with its followers; all gone after the test. */
export async function startPushing({
  queue: queueConfig,
  simulator: options = {},
  known,
}: PushingOptions = {}) {
  if (queueConfig === undefined) needRedis()
  const appid = options.appid ?? `wx${randomBytes(8).toString('hex')}`
  const people = options.followers ?? 20
  const { simulator } = await startSimulator({ seed: 1, ...options, appid, followers: people })
  const queue = queueConfig ?? { kind: 'redis', urls: [redisUrl] }
  if (queue.kind === 'redis') onTestFinished(() => dropQueue(queue.urls[0] ?? redisUrl, appid))
  const dir = await makeDir()
  const path = join(dir, 'unionpush.db')
  const { log, lines } = createTestLog()
  const database = await openSqlite({ path, log })
  onTestFinished(database.close)
  const followers = createFollowers(database, appid)
  const infos = Array.from({ length: known ?? people }, (_, n) => toInfo(simulator, n))
  await followers.upsert(infos, { at: Date.now() })
  const pushes = createPushes(database, appid)

  return {
    appid,
    simulator,
    queue,
    database,
    path,
    followers,
    pushes,
    held: createHeldPushes(database, pushes, appid),
    templates: createTemplates(database, appid),
    accountState: createAccountState(database, appid),
    lines,
    log,
    /** A message to the n-th person by unionid. */
    message: (n: number, more: Record<string, unknown> = {}) => ({
      unionid: simulator.userAt(n).unionid,
      templateId: simulator.templates[0]?.templateId,
      data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
      ...more,
    }),
    /** Without a test around it that waits for the end. */
    producer() {
      const producerQueue = openProducerQueue(queue, appid)
      onTestFinished(() => producerQueue.close())
      return createProducer([{ name: appid, appid }], () => producerQueue)
    },
    async startWorker(more: Partial<PushWorkerOptions> = {}, adapt?: (queue: WorkerQueue) => WorkerQueue) {
      const { base, secret } = simulator
      const worker = await openPushWorker({ appid, secret, base, queue, database, log }, more, adapt)
      onTestFinished(worker.stop)
      return worker
    },
    /** The library, as a program without a database has it. */
    pusher() {
      const pusher = createPusher({ appid, ...toPlace(queue) })
      onTestFinished(() => pusher.close())
      return pusher
    },
    /** In a process of its own, which a test may kill. */
    async startWorkerProcess(options: Partial<PushWorkerOptions> = {}): Promise<ChildProcess> {
      const { base, secret } = simulator
      const child = forkProcess('worker', [JSON.stringify({ appid, secret, base, queue, path, options })], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      onTestFinished(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill('SIGKILL')
        await once(child, 'exit')
      })
      await once(child, 'message')
      return child
    },
    rows: () => database.read.query.pushes.findMany().sync(),
    row: async (id: string) => pushes.find(id),
    /** Until that many pushes have ended. */
    async ended(count: number, timeout = 20_000): Promise<PushRow[]> {
      // Only counted: reading them all, so often, takes the time of the worker they are waited for.
      const finished = database.read.select({ total: total() }).from(table).where(isNotNull(table.finishedAt))
      await vi.waitUntil(() => (finished.get()?.total ?? 0) >= count, { interval: 10, timeout })
      return database.read.query.pushes.findMany().sync()
    },
  }
}

function toPlace(queue: QueueConfig) {
  switch (queue.kind) {
    case 'redis':
      return { redisUrl: queue.urls.join(',') }
    case 'postgres':
      return { redisUrl: '', databaseUrl: `${queue.url}?schema=${queue.schema}&sslmode=${queue.sslmode}` }
    case 'embedded':
      return { redisUrl: '', dataDir: dirname(queue.dir) }
    default:
      return queue satisfies never
  }
}

function toInfo(simulator: Simulator, n: number) {
  const { openid, unionid } = simulator.userAt(n)
  return { openid, subscribed: true, ...(unionid !== undefined && { unionid }) }
}

export function createTestLog() {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)))
      done()
    },
  })
  const formatters = { level: (level: string) => ({ level }) }
  return { log: pino({ level: 'debug', formatters, serializers: createSerializers('en') }, stream), lines }
}

export async function makeDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Removes all keys of an account's queues. */
export async function dropQueue(url: string, appid: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    for (const name of [toQueueName(appid), toControlQueueName(appid)]) {
      const keys = await redis.keys(`${queuePrefix}:${name}:*`)
      if (keys.length > 0) await redis.del(keys)
    }
  } catch {
    // A private server that is gone already took its keys with it.
  } finally {
    redis.disconnect()
  }
}

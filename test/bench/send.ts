import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'bullmq'
import got from 'got'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { Pool } from 'undici'
import { z } from 'zod'
import { createAccount } from '../../src/account.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { createPusher, type PusherOptions } from '../../src/library/createPusher.ts'
import { queuePrefix, toQueueName } from '../../src/queue/names.ts'
import { connectWorker } from '../../src/queue/workerQueue.ts'
import { createAccountWorker } from '../../src/roles/worker.ts'
import { openQueueRuntime } from '../../src/runtime.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'
import { toOnlyAccount } from '../helpers/onlyAccount.ts'
import { withBenchSchema } from './benchSchema.ts'
import { compare, perSecond, redisUrl, withAccount } from './measure.ts'
import { openPages } from './pages.ts'

const followers = 10_000
export const sendPath = '/cgi-bin/message/template/send?access_token=bench'
const log = pino({ level: 'silent' })
export const unionidAt = (n: number, of = followers) =>
  `o6_bmasdasdsad6_2sgVt7hMZ${String(n % of).padStart(5, '0')}`
export const openidAt = (n: number, of = followers) =>
  `oABCasdasdsad6_2sgVt7hMZ${String(n % of).padStart(5, '0')}`
const address = z.object({ port: z.number() })

interface Load {
  base: string
  total: number
  concurrency: number
  databaseUrl?: string
  /** Default: in Redis. */
  queue?: 'postgres'
  /** Open while it sends; undefined = the process serves nothing. */
  pages?: number
}

/** Our worker beside a bare BullMQ worker that does only the same call, against a server that answers at once. */
export async function benchSendInstant() {
  return withServer(0, async (base) => {
    const load = { base, total: 20_000, concurrency: 50 }
    return {
      bench: 'send.instant',
      ...(await compare(
        'sends/s',
        () => sendOurs(load),
        () => sendBare(load),
        // One run differs from the next by more here than anywhere else.
        11,
      )),
    }
  })
}

/** Our worker in a process that ten pages follow, beside itself with none open: at most 3 % fewer sends. */
export async function benchSendPages() {
  return withServer(0, async (base) => {
    const load = { base, total: 20_000, concurrency: 50 }
    return {
      bench: 'send.pages',
      ...(await compare(
        'sends/s',
        () => sendOurs({ ...load, pages: 10 }),
        () => sendOurs({ ...load, pages: 0 }),
        7,
      )),
    }
  })
}

/** Our worker on PostgreSQL beside itself on SQLite, both with their queue in Redis: at least half as many sends. */
export async function benchSendPostgres() {
  return withServer(0, async (base) => {
    const load = { base, total: 20_000, concurrency: 50 }
    return {
      bench: 'send.postgres',
      ...(await compare(
        'sends/s',
        () => withBenchSchema((databaseUrl) => sendOurs({ ...load, databaseUrl })),
        () => sendOurs(load),
        5,
      )),
    }
  })
}

/** Our worker with its queue in the PostgreSQL of its tables too, beside itself with the queue in Redis. */
export async function benchSendPostgresQueue() {
  return withServer(0, async (base) => {
    const run = (more: Partial<Load>) =>
      withBenchSchema((databaseUrl) =>
        sendOurs({ base, total: 5_000, concurrency: 50, databaseUrl, ...more }),
      )
    return {
      bench: 'send.postgresQueue',
      ...(await compare(
        'sends/s',
        () => run({ queue: 'postgres' }),
        () => run({}),
        3,
      )),
    }
  })
}

/** Our worker beside the same calls by got with no queue and no database. */
export async function benchSendGot() {
  return withServer(0, async (base) => {
    const load = { base, total: 10_000, concurrency: 50 }
    return {
      bench: 'send.got',
      ...(await compare(
        'sends/s',
        () => sendOurs(load),
        () => sendGot(load),
        3,
      )),
    }
  })
}

/** Our worker with 200 sends in flight against 50 ms latency, beside a bare BullMQ worker with as many. */
export async function benchSendLatency() {
  return withServer(50, async (base) => {
    const load = { base, total: 20_000, concurrency: 200 }
    return {
      bench: 'send.50ms',
      ...(await compare(
        'sends/s',
        () => sendOurs(load),
        () => sendBare(load),
        3,
      )),
    }
  })
}

/** With a full queue: from the first send that is on record to the last. */
export function sendOurs({
  base,
  total,
  concurrency,
  databaseUrl = '',
  queue: kind,
  pages,
}: Load): Promise<number> {
  const place = { redisUrl: kind === 'postgres' ? '' : redisUrl, databaseUrl }
  return withFullQueue(place, total, async (appid) => {
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
    const config = {
      ...toOnlyAccount(
        loadConfig({
          WECHAT_APPID: appid,
          WECHAT_SECRET: 'bench',
          WECHAT_API_BASE: base,
          DATA_DIR: dir,
          ...(place.redisUrl !== '' && { REDIS_URL: place.redisUrl }),
          ...(databaseUrl !== '' && { DATABASE_URL: databaseUrl }),
        }),
      ),
      pushConcurrency: concurrency,
    }
    const runtime = await openQueueRuntime(config, log, createUndiciTransport)
    const account = createAccount(runtime, config)
    const infos = Array.from({ length: followers }, (_, n) => ({
      openid: openidAt(n),
      unionid: unionidAt(n),
      subscribed: true,
    }))
    await account.followers.upsert(infos, { at: Date.now() })
    const closePages = pages === undefined ? undefined : await openPages(account, pages, log)
    const connection = await connectWorker(config.queue, log)
    const queue = connection.openQueue(appid)
    const { count, rate } = countTo(total)
    const worker = createAccountWorker(
      {
        ...account,
        pushes: {
          ...account.pushes,
          recordSent(acceptance) {
            const recorded = account.pushes.recordSent(acceptance)
            void recorded.then(count)
            return recorded
          },
        },
      },
      queue,
    )
    await worker.start()
    const sent = await rate
    await worker.stop()
    await closePages?.()
    await queue.close()
    await connection.close()
    await account.close()
    await runtime.close()
    await rm(dir, { recursive: true })
    return sent
  })
}

function sendBare({ base, total, concurrency }: Load): Promise<number> {
  return withFullQueue({ redisUrl }, total, async (appid) => {
    const pool = new Pool(base, { connections: concurrency })
    const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
    const { count, rate } = countTo(total)
    const worker = new Worker(
      toQueueName(appid),
      async ({ data }) => {
        const headers = { 'content-type': 'application/json' }
        const answer = await pool.request({ method: 'POST', path: sendPath, headers, body: toBody(data) })
        await answer.body.text()
        count()
      },
      { connection, prefix: queuePrefix, concurrency, removeOnComplete: { count: 0 } },
    )
    const sent = await rate
    await worker.close()
    connection.disconnect()
    await pool.close()
    return sent
  })
}

function sendGot({ base, total, concurrency }: Load): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  return perSecond(total, concurrency, (n) =>
    got.post(base + sendPath, { headers, body: toBody(toMessage(n)) }).text(),
  )
}

export function toMessage(n: number) {
  return {
    unionid: unionidAt(n),
    templateId: 'ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY',
    data: { thing1: '订单已发货', time2: '2026-11-20 15:01', character_string3: `SF${n}`, phrase4: '运输中' },
    url: 'https://shop.example.com/orders/42',
  }
}

/** The request that our worker makes of the same message. */
export function toBody({ unionid, templateId, data, url }: ReturnType<typeof toMessage>): string {
  const values = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { value }]))
  const client_msg_id = '0123456789abcdef0123456789abcdef'
  return JSON.stringify({ touser: unionid, template_id: templateId, url, client_msg_id, data: values })
}

function withFullQueue<T>(
  place: PusherOptions,
  total: number,
  use: (appid: string) => Promise<T>,
): Promise<T> {
  return withAccount(async (appid) => {
    const pusher = createPusher({ appid, ...place })
    await pusher.pushMany(Array.from({ length: total }, (_, n) => toMessage(n)))
    await pusher.close()
    return use(appid)
  })
}

/** In a process of its own, which is what makes the other core work. */
export async function withServer<T>(latency: number, use: (base: string) => Promise<T>): Promise<T> {
  const server = fork(fileURLToPath(new URL('sendServer.ts', import.meta.url)), [String(latency)])
  const [message] = await once(server, 'message')
  try {
    return await use(`http://127.0.0.1:${address.parse(message).port}`)
  } finally {
    server.disconnect()
  }
}

/** How many a second, without the time that the first one takes: starting is not what is measured. */
export function countTo(total: number) {
  let seen = 0
  let begun = 0
  let onReached = (_: number) => {}
  const rate = new Promise<number>((resolve) => {
    onReached = resolve
  })
  return {
    rate,
    count() {
      seen += 1
      if (seen === 1) begun = performance.now()
      if (seen === total) onReached(((total - 1) / (performance.now() - begun)) * 1_000)
    },
  }
}

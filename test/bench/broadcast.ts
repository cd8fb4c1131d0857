import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { type Account, createAccount } from '../../src/account.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { createPusher } from '../../src/library/createPusher.ts'
import { type BroadcastDeps, createOne, findBroadcast } from '../../src/operations/broadcasts/broadcasts.ts'
import { connectWorker } from '../../src/queue/workerQueue.ts'
import { createAccountWorker } from '../../src/roles/worker.ts'
import { openQueueRuntime } from '../../src/runtime.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'
import { toOnlyAccount } from '../helpers/onlyAccount.ts'
import { type SendFigures, type SendLoad, sendBareLoop } from './bareCalls.ts'
import { fillTable } from './fillTable.ts'
import { benchAppid } from './followerData.ts'
import { compare, median, redisUrl, startCpu, toComparison, withAccount } from './measure.ts'
import { countTo, openidAt, sendOurs, toMessage, unionidAt, withServer } from './send.ts'

const log = pino({ level: 'silent' })
const pace = { timezone: 'Asia/Shanghai', pushConcurrency: 50, pushRate: 0 }
const message = (() => {
  const { templateId, data, url } = toMessage(0)
  return { templateId, data, url, maxFailures: '100%' }
})()

/** A broadcast beside single pushes of the same worker, against a server that answers at once. */
export async function benchBroadcastSend() {
  return withServer(0, async (base) => {
    const load = { base, total: 20_000, concurrency: 50 }
    return {
      bench: 'broadcast.send',
      ...(await compare(
        'sends/s',
        async () => (await broadcastOurs(load)).perSecond,
        () => sendOurs(load),
        5,
      )),
    }
  })
}

/**
 * With 500 sends in flight against 50 ms latency, beside what these allow at all, or beside a bare loop of the same calls
 * where the machine does not reach that; and what each costs.
 */
export async function benchBroadcastLatency() {
  const [latency, concurrency] = [50, 500]
  return withServer(latency, async (base) => {
    const load = { base, total: 20_000, concurrency }
    const runs: { ours: SendFigures; bare: SendFigures }[] = []
    for (let round = 0; round < 4; round++) {
      const bare = await sendBareLoop(load)
      const ours = await broadcastOurs(load)
      // The first one warms up.
      if (round > 0) runs.push({ ours, bare })
    }
    const bound = (concurrency / latency) * 1_000
    const ours = median(runs.map((run) => run.ours.perSecond))
    const bare = median(runs.map((run) => run.bare.perSecond))
    const cpu = { unit: 'us per send', ours: 0, bare: 0 }
    cpu.ours = median(runs.map((run) => run.ours.cpu))
    cpu.bare = median(runs.map((run) => run.bare.cpu))
    const ceiling = Math.min(bound, bare)
    return { bench: 'broadcast.50ms', ...toComparison('sends/s', ours, ceiling), bound, cpu }
  })
}

/** How long single pushes take, from `push` to their record, during a broadcast and without one: the 95th percentile. */
export async function benchBroadcastBeside() {
  return withServer(50, async (base) => {
    const rounds = [false, false, true, false, true, false, true]
    const times = { without: [] as number[], during: [] as number[] }
    for (const [round, isDuring] of rounds.entries()) {
      const p95 = await pushBeside(base, isDuring)
      if (round > 0) times[isDuring ? 'during' : 'without'].push(p95)
    }
    const [during, without] = [median(times.during), median(times.without)]
    return { bench: 'broadcast.beside', ...toComparison('ms, 95th percentile', during, without) }
  })
}

/** `create` to all of 1,000,000, and `show` of it; milliseconds, and what they may take. */
export async function benchBroadcastCreate() {
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
  try {
    const path = join(dir, 'unionpush.db')
    await fillTable(path, 1_000_000)
    const database = await openSqlite({ path, log })
    const deps: BroadcastDeps = {
      name: benchAppid,
      broadcasts: database.broadcasts(benchAppid),
      accountState: database.accountState(benchAppid),
      templates: database.templates(benchAppid),
      api: { getQuota: () => Promise.reject(new Error('not asked')) },
      config: pace,
    }
    const begun = performance.now()
    const { id } = await createOne(deps, { ...message, audience: { all: true } })
    const create = performance.now() - begun
    const row = await deps.broadcasts.find(id)
    while (row && (await deps.broadcasts.fill(row, 5_000)));
    const shown: number[] = []
    for (let n = 0; n < 20; n++) {
      const asked = performance.now()
      await findBroadcast(deps, id)
      shown.push(performance.now() - asked)
    }
    await database.close()
    return {
      bench: 'broadcast.create',
      create: toComparison('ms', create, 2_000),
      show: { ...toComparison('ms', median(shown), 50), longest: Math.round(Math.max(...shown) * 10) / 10 },
    }
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** From the first send that is on record to the last. */
export function broadcastOurs(load: SendLoad): Promise<SendFigures> {
  return withWorld(load, async ({ account, start }) => {
    await createOne(account, { ...message, audience: { all: true } })
    const { count, rate } = countTo(load.total)
    let readCpu: ReturnType<typeof startCpu> | undefined
    const stop = await start({
      ...account,
      broadcasts: {
        ...account.broadcasts,
        async record(no, outcomes) {
          await account.broadcasts.record(no, outcomes)
          readCpu ??= startCpu()
          for (const _ of outcomes) count()
        },
      },
    })
    const perSecond = await rate
    const cpu = readCpu?.(load.total) ?? 0
    await stop()
    return { perSecond, cpu }
  })
}

async function pushBeside(base: string, isDuring: boolean): Promise<number> {
  const load = { base, total: 60_000, concurrency: 50 }
  return withWorld(load, async ({ account, start }) => {
    const ended = new Map<string, () => void>()
    const stop = await start({
      ...account,
      pushes: {
        ...account.pushes,
        async recordSent(acceptance) {
          const isRecorded = await account.pushes.recordSent(acceptance)
          ended.get(acceptance.id)?.()
          return isRecorded
        },
      },
    })
    if (isDuring) await createOne(account, { ...message, audience: { all: true } })
    const pusher = createPusher({ appid: account.appid, redisUrl })
    const times: Promise<number>[] = []
    for (let n = 0; n < 300; n++) {
      await sleep(25)
      const id = `beside${n}`
      const begun = performance.now()
      times.push(
        new Promise((resolve) => {
          ended.set(id, () => resolve(performance.now() - begun))
        }),
      )
      void pusher.push({ ...toMessage(n), id })
    }
    // The first ones meet code that is being compiled.
    const taken = (await Promise.all(times)).slice(50).sort((a, b) => a - b)
    await pusher.close()
    await stop()
    return taken[Math.floor(taken.length * 0.95)] ?? 0
  })
}

interface BenchWorld {
  account: Account
  /** Resolves with what stops it. */
  start(account: Account): Promise<() => Promise<void>>
}

/** An account with so many followers. */
export function withWorld<T>(
  { base, total, concurrency }: SendLoad,
  use: (world: BenchWorld & { dir: string }) => Promise<T>,
): Promise<T> {
  return withAccount(async (appid) => {
    const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
    const env = { WECHAT_APPID: appid, WECHAT_SECRET: 'bench', WECHAT_API_BASE: base, DATA_DIR: dir }
    const only = toOnlyAccount(loadConfig({ ...env, REDIS_URL: redisUrl }))
    const config = { ...only, pushConcurrency: concurrency }
    const runtime = await openQueueRuntime(config, log, createUndiciTransport)
    const account = createAccount(runtime, config)
    for (let from = 0; from < total; from += 5_000) {
      const people = Array.from({ length: Math.min(5_000, total - from) }, (_, n) => ({
        openid: openidAt(from + n, total),
        unionid: unionidAt(from + n, total),
        subscribed: true,
      }))
      await account.followers.upsert(people, { at: Date.now() })
    }
    const connection = await connectWorker(config.queue, log)
    const queue = connection.openQueue(appid)
    try {
      return await use({
        account,
        dir,
        async start(adapted) {
          const worker = createAccountWorker(adapted, queue)
          await worker.start()
          return () => worker.stop()
        },
      })
    } finally {
      await queue.close()
      await connection.close()
      await account.close()
      await runtime.close()
      await rm(dir, { recursive: true })
    }
  })
}

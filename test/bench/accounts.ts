import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { createProducer } from '../../src/push/producer.ts'
import { connectProducer } from '../../src/queue/producerQueue.ts'
import { createSimulator } from '../../src/simulator/simulator.ts'
import { openPushWorker } from '../helpers/pushWorker.ts'
import { compare, dropQueues, redisUrl } from './measure.ts'

const count = 20
const each = 200
const people = 100
const path = '/cgi-bin/message/template/send'
const log = pino({ level: 'silent' })

/**
 * 20 accounts in one process, of which one gets -1 for everything and one no answer until the timeout: pushes a second of
 * the 18 others, beside the same with all of them well.
 */
export async function benchAccounts(): Promise<object> {
  const comparison = await compare(
    'pushes/s',
    () => run(true),
    () => run(false),
    3,
  )
  return { bench: 'accounts.stuck', ...comparison }
}

/** What idle accounts add to a worker process. */
export async function benchIdleAccounts(): Promise<object> {
  const script = fileURLToPath(new URL('idleAccounts.ts', import.meta.url))
  const words = ['--expose-gc', ...process.execArgv, script]
  const { stdout } = await promisify(execFile)(process.execPath, words)
  return JSON.parse(stdout)
}

async function run(hasStuck: boolean): Promise<number> {
  const appid = `wx${randomBytes(8).toString('hex')}`
  const simulator = await createSimulator({
    appid,
    accounts: count,
    followers: people,
    keepAccepted: false,
    latencyMs: 20,
  })
  const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
  const database = await openSqlite({ path: join(dir, 'bench.db'), log })
  const queue = { kind: 'redis' as const, urls: [redisUrl] }
  const connection = connectProducer(queue)
  const workers: { stop(): Promise<void> }[] = []
  const accounts = simulator.accounts.map((controls) => ({ name: controls.appid, ...controls, controls }))
  try {
    const [busy, mute, ...well] = accounts
    if (hasStuck) {
      busy?.controls.addFault({ path, action: { errcode: -1 } })
      mute?.controls.addFault({ path, action: 'hang' })
    }
    const producer = createProducer(accounts, connection.openQueue)
    for (const { appid, controls } of accounts) {
      const users = Array.from({ length: people }, (_, n) => controls.userAt(n))
      const infos = users.map(({ openid }) => ({ openid, subscribed: true }))
      await database.followers(appid).upsert(infos, { at: Date.now() })
      const templateId = controls.templates.find(({ content }) => content.includes('thing1.DATA'))?.templateId
      await producer.pushMany(
        Array.from({ length: each }, (_, n) => ({
          account: appid,
          openid: users[n % people]?.openid,
          templateId,
          data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
        })),
      )
    }
    const begun = performance.now()
    for (const { appid, secret } of accounts) {
      workers.push(await openPushWorker({ appid, secret, base: simulator.base, queue, database, log }))
    }
    while (well.some(({ controls }) => controls.stats().accepted < each)) await sleep(5)
    return (well.length * each * 1_000) / (performance.now() - begun)
  } finally {
    // Its pushes without an answer would be waited for.
    simulator.accounts.forEach((controls) => {
      controls.clearFaults()
    })
    await Promise.all(workers.map((worker) => worker.stop()))
    await connection.close()
    await database.close()
    await simulator.close()
    for (const { appid } of accounts) await dropQueues(appid)
    await rm(dir, { recursive: true })
  }
}

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import type { QueueConfig } from '../../src/base/config.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import type { Stores } from '../../src/db/stores.ts'
import { createProducer } from '../../src/push/producer.ts'
import { connectProducer } from '../../src/queue/producerQueue.ts'
import type { PushWorkerOptions } from '../../src/sending/worker.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { createTestLog, dropQueue, makeDir } from './pushing.ts'
import { openPushWorker } from './pushWorker.ts'
import { needRedis, redisUrl } from './redisNeeded.ts'
import { startSimulator } from './simulatorClient.ts'

/** Several accounts of one simulator with the same people, on one database and one Redis; nobody follows in the table yet. */
export async function startSeveralAccounts(
  names: readonly string[],
  options: SimulatorOptions = {},
  open?: () => Promise<Stores>,
) {
  needRedis()
  const appid = `wx${randomBytes(8).toString('hex')}`
  const { simulator } = await startSimulator({ followers: 20, ...options, appid, accounts: names.length })
  const accounts = simulator.accounts.map((controls, i) => ({
    name: names[i] ?? '',
    appid: controls.appid,
    controls,
  }))
  for (const account of accounts) onTestFinished(() => dropQueue(redisUrl, account.appid))
  const { log } = createTestLog()
  const database = await (open ?? openOwn)()
  async function openOwn(): Promise<Stores> {
    const opened = await openSqlite({ path: join(await makeDir(), 'unionpush.db'), log })
    onTestFinished(() => opened.close())
    return opened
  }
  const queue: QueueConfig = { kind: 'redis', urls: [redisUrl] }
  const connection = connectProducer(queue)
  onTestFinished(() => connection.close())

  function at(name: string) {
    const account = accounts.find((known) => known.name === name)
    if (!account) throw new Error(`no account ${name}`)
    return account
  }
  const templateOf = (name: string) => at(name).controls.templates[0]?.templateId ?? ''
  const row = (name: string, id: string) => database.pushes(at(name).appid).find(id)

  return {
    simulator,
    accounts,
    database,
    connection,
    at,
    templateOf,
    row,
    /** As the library and commands do. */
    producer: createProducer(accounts, connection.openQueue),
    /** What the callback server and a sync write when they learn of a follow. */
    async follow(name: string, n: number) {
      const { openid, unionid } = at(name).controls.userAt(n)
      const known = unionid === undefined ? {} : { unionid }
      await database
        .followers(at(name).appid)
        .upsert([{ openid, subscribed: true, ...known }], { at: Date.now() })
    },
    /** The same for somebody who leaves. */
    async leave(name: string, n: number) {
      const { openid } = at(name).controls.userAt(n)
      await database.followers(at(name).appid).markUnsubscribed([openid], Date.now())
    },
    /** To the n-th person, with the template of each account. */
    message: (n: number, list: readonly string[], more: Record<string, unknown> = {}) => ({
      unionid: simulator.userAt(n).unionid,
      account: list.map((name) => ({ account: name, templateId: templateOf(name) })),
      data: { thing1: '订单已发货', time2: '2026-11-20 15:01' },
      ...more,
    }),
    async startWorkers(options: Partial<PushWorkerOptions> = {}, only: readonly string[] = names) {
      const started: Awaited<ReturnType<typeof openPushWorker>>[] = []
      for (const name of only) {
        const { appid, controls } = at(name)
        const world = { appid, secret: controls.secret, base: simulator.base, queue, database, log }
        const worker = await openPushWorker(world, options)
        onTestFinished(worker.stop)
        started.push(worker)
      }
      return started
    },
    async ended(name: string, id: string, timeout = 20_000) {
      await vi.waitUntil(async () => ((await row(name, id))?.finishedAt ?? null) !== null, {
        interval: 10,
        timeout,
      })
      return row(name, id)
    },
  }
}

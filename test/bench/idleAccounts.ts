import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { createAccount } from '../../src/account.ts'
import { loadConfig } from '../../src/base/programConfig.ts'
import { connectWorker } from '../../src/queue/workerQueue.ts'
import { createAccountWorker } from '../../src/roles/worker.ts'
import { openQueueRuntime } from '../../src/runtime.ts'
import { dropQueues, redisUrl } from './measure.ts'

/**
 * What 100 idle accounts add to a worker process that has one: MB of memory, at most 150, and connections to Redis, at most
 * two each. Run by `npm run bench -- accounts.idle`, in a process of its own, which has to be able to collect garbage.
 */
const added = 100
const log = pino({ level: 'silent' })
const dir = await mkdtemp(join(tmpdir(), 'unionpush-bench-'))
const prefix = randomBytes(4).toString('hex')
const listed = Array.from({ length: added + 1 }, (_, n) => ({
  name: `account${n}`,
  appid: `wx${prefix}${String(n).padStart(8, '0')}`,
  secret: 's',
}))
const file = join(dir, 'accounts.json')
await writeFile(file, JSON.stringify({ accounts: listed }), { mode: 0o600 })
const env = { ACCOUNTS_FILE: file, DATA_DIR: dir, REDIS_URL: redisUrl }
const { accounts, ...shared } = loadConfig({ ...env, WECHAT_API_BASE: 'http://127.0.0.1:9' })
const redis = new Redis(redisUrl)
const runtime = await openQueueRuntime(shared, log)
const connection = await connectWorker(shared.queue, log)

const [first, ...others] = accounts
await start(first)
await sleep(2_000)
const before = await look()
for (const account of others) await start(account)
await sleep(5_000)
const after = await look()
const difference = (key: 'megabytes' | 'connections') => Math.round(after[key] - before[key])
const megabytes = difference('megabytes')
console.log(
  JSON.stringify({ bench: 'accounts.idle', added, megabytes, connections: difference('connections') }),
)
for (const { appid } of listed) await dropQueues(appid)
await rm(dir, { recursive: true })
// They would go on for as long as jobs may come.
process.exit()

async function start(config: (typeof accounts)[number]): Promise<void> {
  const account = createAccount(runtime, { ...shared, ...config })
  await createAccountWorker(account, connection.openQueue(account.appid)).start()
}

async function look() {
  // What is let go of in one collection may hold what the next one takes.
  for (let times = 0; times < 4; times++) globalThis.gc?.()
  const clients = /connected_clients:(\d+)/.exec(await redis.info('clients'))
  return { megabytes: process.memoryUsage().rss / 1e6, connections: Number(clients?.[1]) }
}

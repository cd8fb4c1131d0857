import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import { createAccount } from '../../dist/account.js'
import { loadConfig } from '../../dist/base/programConfig.js'
import { openQueueRuntime } from '../../dist/runtime.js'

/**
 * A first sync and a second one that finds nothing new, in a process that does nothing else. It runs what is built: a
 * loader for TypeScript would be a fifth of the memory measured. Arguments: DATABASE_URL, server, appid, concurrency.
 */
const [databaseUrl, base, appid, concurrency] = process.argv.slice(2)
const log = pino({ level: 'silent' })
const { accounts, ...shared } = loadConfig({
  WECHAT_APPID: appid,
  WECHAT_SECRET: 's',
  WECHAT_API_BASE: base,
  DATABASE_URL: databaseUrl,
  SYNC_CONCURRENCY: concurrency,
})
const runtime = await openQueueRuntime(shared, log)
const account = createAccount(runtime, { ...shared, ...accounts[0] })

const resolution = 5
const delay = monitorEventLoopDelay({ resolution })
delay.enable()
const first = await account.sync({})
const batchesOfFirst = await countBatches()
const second = await account.sync({})
delay.disable()
const batches = await countBatches()
await account.close()
await runtime.close()
process.send({
  firstMs: first.durationMs,
  firstAdded: first.added,
  secondMs: second.durationMs,
  secondCalls: batches - batchesOfFirst,
  secondWrites: second.fetched + second.added + second.updated + second.unsubscribed,
  complete: first.status === 'complete' && second.status === 'complete',
  peakMb: process.resourceUsage().maxRSS / 1024,
  loopMs: delay.max / 1e6 - resolution,
})
process.disconnect()

async function countBatches() {
  const response = await fetch(`${base}/calls`)
  const { batches } = await response.json()
  return batches
}

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import { createFollowers } from '../../dist/db/followers.js'
import { createLeases } from '../../dist/db/leases.js'
import { openDatabase } from '../../dist/db/open.js'
import { createSyncRuns } from '../../dist/db/syncRuns.js'
import { createTokenStore } from '../../dist/db/tokens.js'
import { syncFollowers } from '../../dist/sync/syncFollowers.js'
import { createWechatApi } from '../../dist/wechat/api.js'
import { createClient } from '../../dist/wechat/client.js'
import { createGotTransport } from '../../dist/wechat/gotTransport.js'
import { createTokenSource } from '../../dist/wechat/token.js'

/**
 * A first sync and a second one that finds nothing new, in a process that does nothing else. It runs what is built: a
 * loader for TypeScript would be a fifth of the memory measured. Arguments: database, server, appid, concurrency.
 */
const [path, base, appid, concurrency] = process.argv.slice(2)
const log = pino({ level: 'silent' })
const database = await openDatabase({ path, log })
const transport = createGotTransport({ proxy: { http: undefined, https: undefined, none: undefined } })
const client = createClient({ bases: [base], transport, hotTransport: transport, log })
const tokens = createTokenSource({ appid, secret: 's', client, store: createTokenStore(database), log })
const deps = {
  api: createWechatApi({ client, tokens }),
  followers: createFollowers(database, appid),
  syncRuns: createSyncRuns(database, appid),
  leases: createLeases(database),
  log,
}
const options = { appid, concurrency: Number(concurrency), refreshDays: 30 }

const resolution = 5
const delay = monitorEventLoopDelay({ resolution })
delay.enable()
const first = await syncFollowers(deps, options)
const batchesOfFirst = await countBatches()
const second = await syncFollowers(deps, options)
delay.disable()
const batches = await countBatches()
await client.close()
await database.close()
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

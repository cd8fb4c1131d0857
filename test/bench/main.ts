import { benchAccounts, benchIdleAccounts } from './accounts.ts'
import {
  benchBroadcastBeside,
  benchBroadcastCreate,
  benchBroadcastLatency,
  benchBroadcastSend,
} from './broadcast.ts'
import { benchPush, benchPushMany } from './enqueue.ts'
import { benchHistory } from './history.ts'
import { benchImport } from './import.ts'
import { benchLookup, benchLookupPostgres } from './lookup.ts'
import { benchBroadcastPeers } from './peers.ts'
import {
  benchSendGot,
  benchSendInstant,
  benchSendLatency,
  benchSendPages,
  benchSendPostgres,
  benchSendPostgresQueue,
} from './send.ts'
import { benchSync, benchSyncLatency, benchSyncPostgres } from './sync.ts'
import { benchWebhooks } from './webhooks.ts'
import { benchSendWorkers } from './workers.ts'

/**
 * `npm run bench [-- name ...]`, a name being the start of a bench's such as `send`: one JSON line each. Needs a Redis
 * (REDIS_URL, default on this machine), those on PostgreSQL a server (BENCH_POSTGRES_URL) and a machine that does nothing else.
 */
const benches: Record<string, () => Promise<object>> = {
  import: benchImport,
  'enqueue.pushMany': benchPushMany,
  'enqueue.push': benchPush,
  'send.instant': benchSendInstant,
  'send.postgres': benchSendPostgres,
  'send.postgresQueue': benchSendPostgresQueue,
  'send.workers': benchSendWorkers,
  'send.pages': benchSendPages,
  'send.got': benchSendGot,
  'send.50ms': benchSendLatency,
  'sync.1m': benchSync,
  'sync.100ms': benchSyncLatency,
  'sync.postgres': benchSyncPostgres,
  'lookup.1m': benchLookup,
  'lookup.postgres': benchLookupPostgres,
  history: benchHistory,
  'broadcast.send': benchBroadcastSend,
  'broadcast.50ms': benchBroadcastLatency,
  'broadcast.beside': benchBroadcastBeside,
  'broadcast.create': benchBroadcastCreate,
  'broadcast.peers': benchBroadcastPeers,
  webhooks: benchWebhooks,
  'accounts.stuck': benchAccounts,
  'accounts.idle': benchIdleAccounts,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.keys(benches).some((bench) => bench.startsWith(name)))
if (unknown.length > 0) {
  throw new Error(`No bench ${unknown.join(', ')}: there are ${Object.keys(benches).join(', ')}`)
}
for (const [name, run] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.some((start) => name.startsWith(start))) continue
  console.log(JSON.stringify(await run()))
}

import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { createPushes } from '../../src/db/sqlite/pushes/pushes.ts'
import { createLeases } from '../../src/db/sqlite/shared/leases.ts'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { toNewRow } from '../../src/sending/processor/pushRow.ts'

/** Tells its parent when what is written, and waits after each step until it is told to go on. */
const [path = ''] = process.argv.slice(2)
const database = await openSqlite({ path, log: pino({ level: 'silent' }) })
const leases = createLeases(database)
const pushes = createPushes(database, 'wx1')
const push = { v: 1, id: 'p', unionid: 'u', templateId: 't', data: {} } as const
const row = (id: string) =>
  toNewRow('wx1', { ...push, id }, { jobId: id, data: push, timestamp: 1, starts: 1 })
const step = async (name: string) => {
  process.send?.(name)
  await new Promise((resolve) => process.once('message', resolve))
}

await pushes.add(row('warm-up'))
await sleep(1_500)
await step('open')
for (let n = 0; n < 100; n++) await leases.acquire(`lease ${n}`, 'me', 1_000)
await step('durable')
for (let n = 0; n < 100; n++) await pushes.add(row(`p${n}`))
await step('soon')
await sleep(1_500)
await step('later')
await pushes.add(row('one more'))
await database.write([{ sql: 'insert into leases (name) values (null)', params: [] }]).catch(() => {})
await sleep(1_500)
await step('after a failure')
await database.close()
process.disconnect()

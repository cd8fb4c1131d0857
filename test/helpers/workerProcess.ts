import { pino } from 'pino'
import { openSqlite } from '../../src/db/sqlite/stores.ts'
import { openPushWorker, withShortLocks } from './pushWorker.ts'

/** The program of a worker process that a test can kill; its world comes as JSON. */
const [world = '{}'] = process.argv.slice(2)
const { path, options, ...account } = JSON.parse(world)
const log = pino({ level: 'warn' }, pino.destination({ fd: 2, sync: true }))
const database = await openSqlite({ path, log })
const worker = await openPushWorker({ ...account, database, log }, options, withShortLocks)
process.once('SIGTERM', async () => {
  await worker.stop()
  await database.close()
  process.exit()
})
await worker.started
process.send?.('ready')

import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { z } from 'zod'
import { openDatabase } from '../../src/db/open.ts'
import { startWebhookSender } from '../../src/webhooks/sender.ts'
import { toPushRow } from '../db/pushRow.ts'

/** Brings pushes through all they can come to and tells of them, in a process that may be killed at any time. */
const argument = z.object({
  database: z.custom<Parameters<typeof openDatabase>[0]>(),
  url: z.string(),
  key: z.string(),
  /** Make none, only tell. */
  onlyTells: z.boolean(),
})
const { database: config, url, key, onlyTells } = argument.parse(JSON.parse(String(process.argv[2])))

const log = pino({ level: 'silent' })
const database = await openDatabase(config, log)
const webhooks = database.webhooks()
await webhooks.turnOn()
startWebhookSender(
  { url, keys: [Buffer.from(key, 'base64')] },
  {
    webhooks,
    leases: database.leases(),
    proxy: { http: undefined, https: undefined, none: undefined },
    language: 'en',
    nameOf: (appid) => appid,
    count() {},
    onOff() {},
    log,
  },
)
process.send?.('ready')

async function bring(): Promise<void> {
  const id = randomUUID()
  const pushes = database.pushes('wx1')
  await pushes.add(toPushRow({ id }))
  await pushes.recordSent({ id, generation: 0, attempts: 1, msgid: id, sentAt: Date.now() })
  const settlement = { id, status: 'delivered', reason: null, detail: null, finishedAt: Date.now() } as const
  await database.write(database.receipts('wx1').toSettle([settlement]))
}
while (!onlyTells) await Promise.all(Array.from({ length: 5 }, bring))

import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { PushFilter } from '../../../src/db/pushes.ts'
import { createReceipts } from '../../../src/db/sqlite/callbacks/receipts.ts'
import type { SqliteDatabase } from '../../../src/db/sqlite/engine/open.ts'
import type { Statement } from '../../../src/db/sqlite/engine/statement.ts'
import { createFollowers } from '../../../src/db/sqlite/followers/followers.ts'
import { createHeldPushes } from '../../../src/db/sqlite/pushes/heldPushes.ts'
import { createPushes } from '../../../src/db/sqlite/pushes/pushes.ts'
import { tables } from '../../../src/db/sqlite/tables.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { makeDir } from '../../helpers/pushing.ts'

const appid = 'wx1'
const at = 1_000
let database: SqliteDatabase
/** Every statement that `watched` was asked for. */
let asked: Set<string>
let watched: SqliteDatabase

beforeEach(async () => {
  const dir = await makeDir()
  database = await openTestDatabase(join(dir, 'test.db'))
  asked = new Set()
  const log = { logQuery: (sql: string) => void asked.add(sql) }
  const reader = new Sqlite(join(dir, 'test.db'), { readonly: true })
  onTestFinished(() => void reader.close())
  watched = {
    ...database,
    read: drizzle(reader, { schema: tables, logger: log }),
    write(statements) {
      for (const { sql } of statements) asked.add(sql)
      return database.write(statements)
    },
  }
})

/** The ways by which SQLite finds the rows of `pushes`, one line per step. */
async function plans(): Promise<string[]> {
  const statements = [...asked].map((sql): Statement => {
    const slots = sql.match(/\?/g)?.length ?? 0
    return { sql: `explain query plan ${sql}`, params: Array.from({ length: slots }, () => null) }
  })
  const results = await database.write(statements)
  return results
    .flatMap(({ rows }) => rows ?? [])
    .map((step) => String(Reflect.get(Object(step), 'detail')))
    .filter((detail) => detail.includes('pushes') || detail.includes('FOR ORDER BY'))
}

test('expired and counted held pushes, the first of a line and receipts are found by index', async () => {
  const pushes = createPushes(watched, appid)
  const held = createHeldPushes(watched, pushes, appid)
  const receipts = createReceipts(watched, appid)
  const follower = { openid: 'o1', unionid: 'u1', subscribed: true }
  await createFollowers(database, appid).upsert([follower], { at })
  await held.findFirst('u1')
  await held.expire(at)
  await held.count()
  await receipts.findByMsgid('1226691075109289985')
  await receipts.findLatest('o1')
  const steps = await plans()
  expect(steps.filter((step) => !step.startsWith('SEARCH pushes USING'))).toEqual([])
  for (const index of ['pushes_line', 'pushes_held', 'pushes_msgid', 'pushes_unionid', 'pushes_openid']) {
    expect(steps.join('\n')).toContain(`INDEX ${index} `)
  }
})

test('what a worker and a purge write is found by index', async () => {
  const pushes = createPushes(watched, appid)
  await pushes.find('p')
  await pushes.cancel('p', at)
  await pushes.recordSent({ id: 'p', generation: 0, msgid: '1', attempts: 1, sentAt: at })
  await pushes.recordResent([{ id: 'p', generation: 0, jobId: 'p.again1' }])
  await pushes.purge(at, 10)
  await pushes.findOpen(at, undefined, 10)
  await pushes.countFinished(at)
  const steps = await plans()
  expect(steps.length).toBeGreaterThan(4)
  expect(steps).toContain('SEARCH pushes USING INDEX pushes_open (created_at<?)')
  expect(steps.filter((step) => !step.startsWith('SEARCH pushes USING'))).toEqual([])
})

test.each<[PushFilter, string]>([
  [{}, 'SEARCH pushes USING INDEX pushes_created (appid=?)'],
  [{ status: 'sent' }, 'SEARCH pushes USING INDEX pushes_status (status=?)'],
  [{ status: 'sending' }, 'SCAN pushes USING INDEX pushes_open'],
  [{ templateId: 't', status: 'sent' }, 'SEARCH pushes USING INDEX pushes_template (template_id=?)'],
  [{ templateId: 't', status: 'rejected' }, 'SEARCH pushes USING INDEX pushes_status (status=?)'],
  [{ unionid: 'u1', status: 'rejected' }, 'SEARCH pushes USING INDEX pushes_unionid (unionid=?)'],
  [{ reason: 'data_invalid' }, 'SEARCH pushes USING INDEX pushes_reason (reason=?)'],
  [{ templateId: 't', reason: 'data_invalid' }, 'SEARCH pushes USING INDEX pushes_reason (reason=?)'],
  [{ status: 'rejected', reason: 'data_invalid' }, 'SEARCH pushes USING INDEX pushes_reason (reason=?)'],
  [{ status: 'queued', reason: 'hold' }, 'SEARCH pushes USING INDEX pushes_reason (reason=?)'],
  [{ unionid: 'u1', reason: 'data_invalid' }, 'SEARCH pushes USING INDEX pushes_unionid (unionid=?)'],
  [{ unionid: 'u1' }, 'SEARCH pushes USING INDEX pushes_unionid (unionid=?)'],
  [{ openid: 'o1' }, 'SEARCH pushes USING INDEX pushes_openid (openid=?)'],
  [{ openid: 'o1', unionid: 'u1' }, 'SEARCH pushes USING INDEX pushes_unionid (unionid=?)'],
  [
    { after: { createdAt: at, id: 'p', isIncluded: false } },
    'SEARCH pushes USING INDEX pushes_created (appid=? AND created_at<?)',
  ],
  [
    { status: 'sent', after: { createdAt: at, id: 'p', isIncluded: true } },
    'SEARCH pushes USING INDEX pushes_status (status=? AND created_at<?)',
  ],
  [{ since: at }, 'SEARCH pushes USING INDEX pushes_created (appid=? AND created_at>?)'],
])('history of %j comes in the order of an index', async (filter, step) => {
  for await (const _ of createPushes(watched, appid).history(filter));
  expect(await plans()).toContain(step)
  // Ids order the pushes of one millisecond; sorting more than that would read everything before the first line.
  expect((await plans()).filter((plan) => plan === 'USE TEMP B-TREE FOR ORDER BY')).toEqual([])
})

test('the few pushes with a msgid are found by it', async () => {
  for await (const _ of createPushes(watched, appid).history({ msgid: '1', unionid: 'u1', status: 'sent' }));
  expect(await plans()).toContain('SEARCH pushes USING INDEX pushes_msgid (msgid=?)')
})

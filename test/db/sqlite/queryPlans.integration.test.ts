import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { PushFilter } from '../../../src/db/pushes.ts'
import { createCallbackEvents } from '../../../src/db/sqlite/callbacks/callbackEvents.ts'
import type { SqliteDatabase } from '../../../src/db/sqlite/engine/open.ts'
import { createLiveFollowers } from '../../../src/db/sqlite/followers/live.ts'
import { toPendingReleaseOf, toPendingReleases } from '../../../src/db/sqlite/pushes/pendingReleases.ts'
import { createPushes } from '../../../src/db/sqlite/pushes/pushes.ts'
import { tables } from '../../../src/db/sqlite/tables.ts'
import { createSessions } from '../../../src/db/sqlite/users/sessions.ts'
import { pushStatuses } from '../../../src/push/status.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { makeDir } from '../../helpers/pushing.ts'

const appid = 'wx1'

/** All statements are made with their store, but for those that depend on what is asked. */
vi.mock(import('../../../src/db/sqlite/engine/statement.ts'), async (original) => {
  const module = await original()
  return {
    ...module,
    prepareLater: (query) => query.prepare(),
    compileWrite(query) {
      query.toSQL()
      return module.compileWrite(query)
    },
  }
})

/** Steps that read more than they give, each with the reason why it may. */
const allowed: [step: RegExp, reason: string][] = [
  [/ sqlite_autoindex_(account_state|access_tokens|follower_counts)_1 \(appid=\?\)$/, 'one row per account'],
  [/ sqlite_autoindex_open_circuits_1 \(appid=\?\)$/, 'a row per worker that waits for something'],
  [/^SEARCH broadcasts USING INDEX broadcasts_open \(appid=\?\)$/, 'a handful of broadcasts under way'],
  [/^SCAN webhook_deliveries USING INDEX /, 'what a receiver did not take, of which few are kept'],
  [/^SCAN sqlite_master$/, 'a hundred names, read once at a start'],
  [/^SCAN leases$/, 'a handful of rows, read once an hour'],
  [/^SCAN users USING INDEX users_login$/, 'the latest logins first, up to a limit'],
  [/^SCAN [ct]$/, 'recipients of broadcasts that a process has just now, or that wait for another try'],
  [/^SEARCH (sync_runs|sync_seen) /, 'one row per sync of the last 90 days, and the chunks of one run'],
  [/^SCAN b$/, 'the latest broadcasts of one account, a handful'],
  [
    /^SEARCH b USING (?:COVERING )?INDEX broadcasts_account \(appid=\?\)$/,
    'the broadcasts of an account, of which nobody has many',
  ],
  [/^USE TEMP B-TREE FOR GROUP BY$/, 'the minutes of a day'],
  [/^SCAN places$/, 'the broadcasts that go to one user'],
  [/^SEARCH templates /, 'the templates of one account, 25 at most by rule of WeChat'],
  [/^SEARCH template_states /, 'the templates of one account, those of the last 90 days included'],
  [/^SCAN pushes USING INDEX pushes_open$/, 'only pushes that are under way'],
  [
    /COVERING INDEX (pushes_held|unmatched_receipts_due) \(appid=\?\)$/,
    'counts what waits, in the index alone',
  ],
  [/^SCAN (nameless|known|names|latest)$/, 'at most as many rows as the statement was given or limited to'],
  [/^USE TEMP B-TREE FOR DISTINCT$/, 'over the held pushes of at most 100 users'],
  [/LAST TERM OF ORDER BY$/, 'sorts the rows of one millisecond'],
]

/** Adds all that is compiled. */
function watch(database: SqliteDatabase, path: string, statements: Set<string>): SqliteDatabase {
  const reader = new Sqlite(path, { readonly: true })
  onTestFinished(() => void reader.close())
  const prepare = reader.prepare.bind(reader)
  Object.defineProperty(reader, 'prepare', {
    value(sql: string) {
      statements.add(sql)
      return prepare(sql)
    },
  })
  const read = drizzle(reader, { schema: tables })
  const dialect = Reflect.get(read, 'dialect')
  const { sqlToQuery } = dialect
  dialect.sqlToQuery = (...values: unknown[]) => {
    const query = sqlToQuery.apply(dialect, values)
    statements.add(query.sql)
    return query
  }
  const prepareWarm: SqliteDatabase['prepareWarm'] = (sql) => {
    statements.add(sql)
    return database.prepareWarm(sql)
  }
  return { ...database, read, prepareWarm }
}

/** What every file of `src/db/sqlite` makes out of a database; a new one is found without being named here. */
async function findStores(): Promise<((database: SqliteDatabase) => unknown)[]> {
  const dir = new URL('../../../src/db/sqlite/', import.meta.url)
  const stores: ((database: SqliteDatabase) => unknown)[] = []
  for (const file of await readdir(dir, { recursive: true })) {
    if (!file.endsWith('.ts') || file.startsWith('engine/')) continue
    const module: Record<string, unknown> = await import(new URL(file, dir).pathname)
    for (const [name, create] of Object.entries(module)) {
      if (!name.startsWith('create') || typeof create !== 'function') continue
      stores.push((database) => {
        if (name === 'createFollowerWrites') return create(database.read, appid)
        if (name === 'createHeldPushes') return create(database, createPushes(database, appid), appid)
        return create.length > 1 ? create(database, appid) : create(database)
      })
    }
  }
  return stores
}

async function runDynamicQueries(watched: SqliteDatabase, statements: Set<string>): Promise<void> {
  const pushes = createPushes(watched, appid)
  const filters: PushFilter[] = [undefined, 'u1'].flatMap((unionid) =>
    [undefined, 't1'].flatMap((templateId) =>
      [undefined, ...pushStatuses].flatMap((status) =>
        [undefined, 1].map((since) => ({ unionid, templateId, status, since })),
      ),
    ),
  )
  for (const filter of filters) for await (const _ of pushes.history(filter));
  for (const filter of filters)
    for (const status of pushStatuses) await pushes.countPushes({ ...filter, status })
  await pushes.findOpen(1, undefined, 10)
  for (const { sql } of [
    ...toPendingReleases(appid, ['o1']),
    toPendingReleaseOf(appid, { heldFor: 'u1', unionid: 'u1' }, []),
  ])
    statements.add(sql)
}

test('every statement of every store finds its rows by an index that fits', async () => {
  const path = join(await makeDir(), 'test.db')
  const database = await openTestDatabase(path)
  const statements = new Set<string>()
  const watched = watch(database, path, statements)
  for (const create of await findStores()) create(watched)
  await runDynamicQueries(watched, statements)

  const faults: string[] = []
  for (const sql of statements) {
    for (const step of await explain(database, sql)) {
      if (isWasteful(step, sql) && !allowed.some(([pattern]) => pattern.test(step)))
        faults.push(`${step} <- ${sql}`)
    }
  }
  expect(faults).toEqual([])
  // Fewer would mean that the stores are not listened to any more.
  expect(statements.size).toBeGreaterThan(100)
})

test.each(['sessions', 'followers', 'callbackEvents'])(
  'a purge of %s holds the lock for a thousand rows at most',
  async (name) => {
    const path = join(await makeDir(), 'test.db')
    const database = await openTestDatabase(path)
    const rows = 2_500
    const count = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})`
    const fill = {
      sessions: `insert into sessions (token_hash, appid, openid, created_at, expires_at) ${count} select 't' || i, '${appid}', 'o', 1, 2 from n`,
      followers: `insert into followers (appid, openid, unionid, subscribed, unsubscribed_at) ${count} select '${appid}', 'o' || i, 'u' || i, 0, 2 from n`,
      callbackEvents: `insert into callback_events (appid, kind, openid, at, msgid, status, app, received_at, tries) ${count} select '${appid}', 'subscribe', 'o' || i, 1, '', '', '', 2, 0 from n`,
    }[name]
    const user = `insert into users (appid, openid, session_key, created_at, login_at) values ('${appid}', 'o', '', 1, 1)`
    for (const sql of [user, fill ?? '']) await database.write([{ sql, params: [] }])
    const changes: number[] = []
    const watched: SqliteDatabase = {
      ...database,
      async write(group) {
        const results = await database.write(group)
        changes.push(...results.map((result) => result.changes))
        return results
      },
    }
    const purge = {
      sessions: () => createSessions(watched, appid).purge(3),
      followers: () => createLiveFollowers(watched, appid).purgeUnfollowed(3),
      callbackEvents: () => createCallbackEvents(watched, appid).purge(3),
    }[name]
    expect(await purge?.()).toBe(rows)
    expect(Math.max(...changes)).toBe(1_000)
  },
)

/** A scan, a sort, or all rows of an account in no wanted order. */
function isWasteful(step: string, sql: string): boolean {
  if (/^SCAN (?!\(|CONSTANT)/.test(step) || step.startsWith('USE TEMP B-TREE')) return true
  return (
    /\(appid=\?\)$/.test(step) && !/\blimit\b/i.test(sql) && !/PRIMARY KEY \(appid=\?\)$/.test(`${step} `)
  )
}

async function explain(database: SqliteDatabase, sql: string): Promise<string[]> {
  const slots = sql.replaceAll(/:[a-z]\w*/gi, '?').match(/\?/g)?.length ?? 0
  const params = Array.from({ length: slots }, () => null)
  const [result] = await database.write([
    { sql: `explain query plan ${sql.replaceAll(/:[a-z]\w*/gi, '?')}`, params },
  ])
  return (result?.rows ?? []).map((step) => String(Reflect.get(Object(step), 'detail')))
}

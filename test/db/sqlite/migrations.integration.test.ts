import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { expect, test } from 'vitest'
import { openTestDatabase } from '../../helpers/database.ts'
import { makeDir } from '../../helpers/pushing.ts'

/** A row for every table of the first schema, by the names it had there. */
const rows: Record<string, Record<string, string | number | Buffer | null>> = {
  access_tokens: { appid: 'wx1', token: 'a token', obtained_at: 1_000, expires_at: 8_200_000 },
  account_state: {
    appid: 'wx1',
    paused_reason: 'manual',
    paused_detail: 'by hand',
    paused_since: 1_000,
    probe_at: null,
    probes: 0,
    rate: 12.5,
    refused_rate: 20,
    refused_at: 900,
  },
  arrivals: { id: 7, appid: 'wx1', recipient: 'u1' },
  callback_events: {
    id: 3,
    appid: 'wx1',
    kind: 'subscribe',
    openid: 'o1',
    at: 1_000,
    msgid: '',
    status: '',
    app: '',
    received_at: 1_001,
    due_at: 1_001,
    tries: 0,
  },
  followers: {
    id: 5,
    appid: 'wx1',
    openid: 'o1',
    unionid: 'u1',
    subscribed: 1,
    subscribe_time: 1_000,
    unsubscribed_at: null,
    scene: 'ADD_SCENE_SEARCH',
    tag_ids: '[2]',
    remark: 'vip',
    seen_run: 9,
    info_at: 1_002,
    event_at: 1_000,
  },
  leases: { name: 'sync wx1', owner: 'me', until: 30_000 },
  pushes: {
    id: 'order-42',
    appid: 'wx1',
    unionid: 'u1',
    openid: 'o1',
    template_id: 't1',
    status: 'queued',
    reason: 'hold',
    detail: 'waits',
    msgid: '1226691075109289985',
    errcode: 43004,
    errmsg: 'require subscribe',
    rid: 'rid',
    attempts: 1,
    generation: 2,
    unknown_since: null,
    job_id: 'order-42.again2',
    message: '{"id":"order-42"}',
    created_at: 1_000,
    expires_at: 9_000_000,
    held_for: 'u1',
    held_at: 1_003,
    place: 1_000.5,
    sent_at: null,
    finished_at: null,
  },
  users: {
    appid: 'wxmini',
    openid: 'm1',
    unionid: 'u1',
    session_key: 'sealed',
    created_at: 1_000,
    login_at: 1_004,
  },
  sessions: { token_hash: 'hash', appid: 'wxmini', openid: 'm1', created_at: 1_000, expires_at: 9_000_000 },
  sync_runs: {
    id: 9,
    appid: 'wx1',
    status: 'interrupted',
    full: 0,
    cursor: 'o1',
    listed: 0,
    resumed: 1,
    total: 10,
    pages: 1,
    seen: 2,
    fetched: 3,
    added: 4,
    updated: 5,
    unsubscribed: 6,
    without_unionid: 7,
    error: 'why',
    started_at: 1_000,
    finished_at: 2_000,
    duration_ms: 8,
  },
  sync_seen: { run_id: 9, chunk: 1, bits: Buffer.from([0, 255]) },
  templates: {
    appid: 'wx1',
    template_id: 't1',
    title: 'title',
    content: '{{thing1.DATA}}',
    example: 'example',
    primary_industry: 'IT',
    deputy_industry: 'IT',
    fetched_at: 1_000,
  },
  unmatched_receipts: {
    id: 4,
    appid: 'wx1',
    openid: 'o1',
    msgid: '1',
    status: 'success',
    at: 1_000,
    received_at: 1_001,
    due_at: 1_002,
  },
}

const renamed: Record<string, string> = { arrivals: 'pending_releases' }

test('a database of the first version is taken over with every row it has', async () => {
  const path = join(await makeDir(), 'test.db')
  await fillFirstVersion(path)
  const database = await openTestDatabase(path)

  const found = Object.keys(rows).map((table) => [
    table,
    database.read.all(`select * from ${renamed[table] ?? table}`),
  ])
  expect(Object.fromEntries(found)).toMatchObject(
    Object.fromEntries(Object.entries(rows).map(([table, row]) => [table, [row]])),
  )
  const held = database.heldPushes('wx1')
  expect(await held.findPendingReleases(10)).toEqual([{ id: 7, recipient: 'u1' }])
  expect(await held.findFirst('u1')).toMatchObject({ id: 'order-42', place: 1_000.5 })
  expect(await database.followers('wx1').counts()).toEqual({ subscribed: 1, withUnionid: 1, unsubscribed: 0 })
  expect(await database.syncRuns('wx1').findLast()).toMatchObject({ id: 9, oddRows: 0 })
  // Numbers that were given once are not given again.
  await held.dropPendingReleases([{ id: 7, recipient: 'u1' }])
  await database.followers('wx1').upsert([{ openid: 'o1', subscribed: true }], { at: 2_000 })
  expect(await held.findPendingReleases(10)).toEqual([{ id: 8, recipient: 'u1' }])
})

async function fillFirstVersion(path: string): Promise<void> {
  const [first] = readMigrationFiles({ migrationsFolder: 'drizzle/migrations' })
  const sql = await readFile('drizzle/migrations/0000_initial.sql', 'utf8')
  const connection = new Sqlite(path)
  connection.exec(sql.replaceAll('--> statement-breakpoint', ''))
  connection.exec(
    'CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash TEXT NOT NULL, created_at INTEGER)',
  )
  connection
    .prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)')
    .run(first?.hash, first?.folderMillis)
  const tables = connection
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
    )
    .pluck()
    .all()
  expect(Object.keys(rows).sort()).toEqual(tables.map(String).sort())
  for (const [table, row] of Object.entries(rows)) {
    const names = Object.keys(row)
    const columns = connection.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table)
    expect(names.sort()).toEqual(columns.map(String).sort())
    connection
      .prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
      .run(names.map((name) => row[name]))
  }
  connection.close()
}

import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Log } from '../../../src/base/log.ts'
import { openSqlite } from '../../../src/db/sqlite/stores.ts'
import { holdLock, openElsewhere, openTestDatabase } from '../../helpers/database.ts'
import { createTestLog, makeDir } from '../../helpers/pushing.ts'

const { log } = createTestLog()
const insertLease = 'INSERT INTO leases (name, owner, until) VALUES (?, ?, ?)'
const countLeases = 'SELECT count(*) FROM leases'

test.each<[string, (path: string) => Promise<void>]>([
  ['moved', async () => {}],
  ['replaced', (path) => writeFile(path, '')],
])('a file that is %s is noticed within a minute: nothing is written until it is back', async (_, after) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const { log, lines } = createTestLog()
  const path = join(await makeDir(), 'test.db')
  const database = await openTestDatabase(path, log)
  const write = () => database.write([{ sql: insertLease, params: [String(Math.random()), 'b', 1] }])
  await write()
  await rename(path, `${path}.away`)
  await after(path)
  vi.advanceTimersByTime(60_000)
  await expect(write()).rejects.toMatchObject({ name: 'DatabaseError', code: 'moved' })
  await expect(database.writeSoon([])).rejects.toMatchObject({ code: 'moved' })
  expect(lines.filter(({ level, path: named }) => level === 'error' && named === path)).toHaveLength(1)
  await rename(`${path}.away`, path)
  vi.advanceTimersByTime(60_000)
  await write()
})

describe('opening', () => {
  test('creates file and directory for their owner alone', async () => {
    const path = join(await makeDir(), 'deep', 'data', 'test.db')
    const database = await openTestDatabase(path)
    await database.write([{ sql: insertLease, params: ['a', 'b', 1] }])
    expect(await modeOf(join(path, '..'))).toBe('700')
    expect(await modeOf(path)).toBe('600')
    expect(await modeOf(`${path}-wal`)).toBe('600')
    expect(await modeOf(`${path}-shm`)).toBe('600')
  })

  test('by several processes at once migrates a missing file once', async () => {
    const path = join(await makeDir(), 'test.db')
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => openElsewhere(path)))
    expect(outcomes).toEqual(['open', 'open', 'open', 'open'])
    const journal: { entries: unknown[] } = JSON.parse(
      await readFile('drizzle/migrations/meta/_journal.json', 'utf8'),
    )
    expect(query(path, 'SELECT count(*) FROM __drizzle_migrations')).toBe(journal.entries.length)
  })

  test('writes nothing to a current file', async () => {
    const path = join(await makeDir(), 'test.db')
    await (await openSqlite({ path, log })).close()
    const before = await readFile(path)
    await (await openSqlite({ path, log })).close()
    expect(await readFile(path)).toEqual(before)
  })

  test('brings a copy that is not in WAL mode back to it', async () => {
    const dir = await makeDir()
    await (await openSqlite({ path: join(dir, 'first.db'), log })).close()
    const copy = join(dir, 'copy.db')
    query(join(dir, 'first.db'), `VACUUM INTO '${copy}'`)
    await (await openSqlite({ path: copy, log })).close()
    expect(query(copy, 'PRAGMA journal_mode')).toBe('wal')
  })

  test('waits for a process that holds the lock', async () => {
    const path = join(await makeDir(), 'test.db')
    const release = await holdLock(path, 'EXCLUSIVE')
    setTimeout(release, 50)
    const database = await openTestDatabase(path)
    expect(await database.write([{ sql: insertLease, params: ['a', 'b', 1] }])).toEqual([{ changes: 1 }])
  })

  test('says so when the lock stays held', async () => {
    const path = join(await makeDir(), 'test.db')
    await holdLock(path, 'EXCLUSIVE')
    await expect(openSqlite({ path, log })).rejects.toMatchObject({
      name: 'DatabaseError',
      code: 'locked',
      message: expect.stringContaining('another process holds the database'),
    })
  })

  test.each([
    ['is not a database', 'not_a_database', 'not an SQLite file', 'hello, '.repeat(1_000)],
    ['belongs to another program', 'foreign_database', 'another program', foreignDatabase],
    ['was written by a newer version', 'newer_schema', 'newer unionpush', newerDatabase],
    ['is damaged', 'corrupt', 'restore it from a backup', damagedDatabase],
  ])('leaves a file untouched that %s', async (_, code, sentence, content) => {
    const path = join(await makeDir(), 'test.db')
    if (typeof content === 'string') await writeFile(path, content)
    else await content(path)
    const before = await readFile(path)
    await expect(openSqlite({ path, log })).rejects.toMatchObject({
      name: 'DatabaseError',
      code,
      message: expect.stringContaining(sentence),
    })
    expect(await readFile(path)).toEqual(before)
  })

  test('refuses a directory or a file it may not write', async () => {
    const dir = join(await makeDir(), 'data')
    await mkdir(dir)
    await (await openSqlite({ path: join(dir, 'test.db'), log })).close()
    await chmod(join(dir, '..'), 0o755)
    await chmod(join(dir, 'test.db'), 0o666)
    await chmod(dir, 0o555)
    expect(await openElsewhere(join(dir, 'test.db'), { unprivileged: true })).toBe('not_writable')
    expect(await openElsewhere(join(dir, 'new.db'), { unprivileged: true })).toBe('not_writable')
    await chmod(dir, 0o777)
    await chmod(join(dir, 'test.db'), 0o444)
    expect(await openElsewhere(join(dir, 'test.db'), { unprivileged: true })).toBe('not_writable')
    await chmod(join(dir, 'test.db'), 0o666)
    expect(await openElsewhere(join(dir, 'test.db'), { unprivileged: true })).toBe('open')
  })
})

describe.each(['write', 'writeSoon'] as const)('%s', (kind) => {
  const openWriting = async (path?: string, log?: Log) => {
    const database = await openTestDatabase(path, log)
    return { ...database, write: database[kind] }
  }

  test('does a group whole or not at all, and only the guilty one fails', async () => {
    const { read, write } = await openWriting()
    const [first, guilty, last] = await Promise.allSettled([
      write([{ sql: insertLease, params: ['a', 'x', 1] }]),
      write([
        { sql: insertLease, params: ['b', 'x', 1] },
        { sql: insertLease, params: ['a', 'y', 1] },
      ]),
      write([{ sql: insertLease, params: ['c', 'x', 1] }]),
    ])
    expect(first).toEqual({ status: 'fulfilled', value: [{ changes: 1 }] })
    expect(guilty).toMatchObject({ status: 'rejected', reason: { code: 'constraint' } })
    expect(last).toEqual({ status: 'fulfilled', value: [{ changes: 1 }] })
    expect(read.all('SELECT name FROM leases ORDER BY name')).toEqual([{ name: 'a' }, { name: 'c' }])
  })

  test('answers with the changes and returned rows of each statement', async () => {
    const { write } = await openWriting()
    const results = await write([
      {
        sql: `${insertLease} RETURNING name, until`,
        rows: [
          ['a', 'x', 1],
          ['b', 'x', 2],
        ],
      },
      { sql: 'UPDATE leases SET until = until + ?', params: [10] },
      { sql: insertLease, rows: [] },
    ])
    const rows = [
      { name: 'a', until: 1 },
      { name: 'b', until: 2 },
    ]
    expect(results).toEqual([{ changes: 2, rows }, { changes: 2 }, { changes: 0 }])
  })

  test('shares one commit between all who ask at the same time', async () => {
    const path = join(await makeDir(), 'test.db')
    const { write } = await openWriting(path)
    await write([{ sql: insertLease, params: ['first', 'x', 1] }])
    const before = await sizeOf(`${path}-wal`)
    await Promise.all(
      Array.from({ length: 500 }, (_, n) => write([{ sql: insertLease, params: [`lease ${n}`, 'x', 1] }])),
    )
    const pages = ((await sizeOf(`${path}-wal`)) - before) / 4096
    // One commit each would be a page or two of the log per row.
    expect(pages).toBeLessThan(100)
    expect(query(path, countLeases)).toBe(501)
  })

  test('waits for a lock that another process holds for long, without holding up the event loop', async () => {
    const path = join(await makeDir(), 'test.db')
    const { log, lines } = createTestLog()
    const { read, write } = await openWriting(path, log)
    await write([{ sql: insertLease, params: ['a', 'x', 1] }])
    const release = await holdLock(path, 'IMMEDIATE')
    let longest = 0
    let last = performance.now()
    const heartbeat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
      read.all(countLeases)
    }, 10)
    const writing = Promise.all(
      ['b', 'c'].map((name) => write([{ sql: insertLease, params: [name, 'x', 1] }])),
    )
    // One wait of SQLite's own is over then.
    await vi.waitUntil(() => lines.length > 0, { timeout: 25_000, interval: 10 })
    release()
    const waited = await writing
    clearInterval(heartbeat)
    expect(waited).toEqual([[{ changes: 1 }], [{ changes: 1 }]])
    expect(longest).toBeLessThan(500)
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'info'])
    expect(query(path, countLeases)).toBe(3)
  })

  test('starts a new writer after one that died, whose callers are told', async () => {
    const dir = await makeDir()
    const path = join(dir, 'test.db')
    const { write } = await openWriting(path)
    await rename(path, join(dir, 'away.db'))
    await expect(write([{ sql: insertLease, params: ['a', 'x', 1] }])).rejects.toMatchObject({
      name: 'DatabaseError',
    })
    await rename(join(dir, 'away.db'), path)
    expect(await write([{ sql: insertLease, params: ['a', 'x', 1] }])).toEqual([{ changes: 1 }])
  })

  test('refuses a value that no thread can be sent, and only its batch', async () => {
    const { write } = await openWriting()
    const useless = write([{ sql: insertLease, params: ['a', () => {}, 1] }])
    await expect(useless).rejects.toMatchObject({ name: 'DatabaseError' })
    expect(await write([{ sql: insertLease, params: ['a', 'x', 1] }])).toEqual([{ changes: 1 }])
  })
})

test('a full disk is told, and writing goes on when there is space again', async () => {
  const path = join(await makeDir(), 'test.db')
  const { write } = await openTestDatabase(path)
  const pages = Number(query(path, 'PRAGMA page_count'))
  await write([{ sql: `PRAGMA max_page_count = ${pages}`, params: [] }])
  const big = { sql: insertLease, params: ['big', 'x'.repeat(100_000), 1] }
  await expect(write([big])).rejects.toMatchObject({
    name: 'DatabaseError',
    code: 'full',
    message: expect.stringContaining('free some space'),
  })
  await write([{ sql: 'PRAGMA max_page_count = 1000000', params: [] }])
  expect(await write([big])).toEqual([{ changes: 1 }])
  expect(query(path, countLeases)).toBe(1)
})

test('however much is written soon, little of it waits to be moved into the database', async () => {
  const path = join(await makeDir(), 'test.db')
  const { writeSoon } = await openTestDatabase(path)
  for (let round = 0; round < 800; round++) {
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        writeSoon([{ sql: insertLease, params: [`${n} ${round}`, 'x'.repeat(2_000), 1] }]),
      ),
    )
  }
  expect(query(path, countLeases)).toBe(40_000)
  // All of it would be more than 200 MB.
  expect(await sizeOf(`${path}-wal`)).toBeLessThan(120_000_000)
})

describe('closing', () => {
  test.each(['write', 'writeSoon'] as const)(
    'finishes what %s was asked for and refuses the rest',
    async (kind) => {
      const path = join(await makeDir(), 'test.db')
      const { [kind]: write, close } = await openSqlite({ path, log })
      const asked = Array.from({ length: 50 }, (_, n) =>
        write([{ sql: insertLease, params: [`lease ${n}`, 'x', 1] }]),
      )
      const closed = Promise.all([close(), close()])
      await expect(write([{ sql: insertLease, params: ['late', 'x', 1] }])).rejects.toMatchObject({
        code: 'closed',
      })
      await Promise.all(asked)
      await closed
      expect(query(path, countLeases)).toBe(50)
      await expect(stat(`${path}-wal`)).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  test('gives up on a lock that stays held', async () => {
    const path = join(await makeDir(), 'test.db')
    const { write, close } = await openSqlite({ path, log })
    await write([{ sql: insertLease, params: ['a', 'x', 1] }])
    await holdLock(path, 'IMMEDIATE')
    const [stuck] = await Promise.allSettled([write([{ sql: insertLease, params: ['b', 'x', 1] }]), close()])
    expect(stuck).toMatchObject({ status: 'rejected', reason: { code: 'locked' } })
  })
})

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path)).size
}

/** The first value of the first row, by a connection of its own. */
function query(path: string, sql: string): unknown {
  const connection = new Sqlite(path)
  try {
    const statement = connection.prepare(sql)
    return statement.reader ? statement.pluck().get() : statement.run().changes
  } finally {
    connection.close()
  }
}

async function foreignDatabase(path: string): Promise<void> {
  query(path, 'CREATE TABLE bookmarks (url TEXT)')
}

async function newerDatabase(path: string): Promise<void> {
  await (await openSqlite({ path, log })).close()
  query(path, "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)")
}

async function damagedDatabase(path: string): Promise<void> {
  await (await openSqlite({ path, log })).close()
  const content = await readFile(path)
  await writeFile(path, content.fill(0xab, 100, 4_000))
}

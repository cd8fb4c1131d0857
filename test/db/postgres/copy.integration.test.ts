import Sqlite from 'better-sqlite3'
import { getTableName, type Table } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import { leftTables } from '../../../src/db/copy/copiedTables.ts'
import { type CopyWatch, copyDatabase } from '../../../src/db/copy/copyDatabase.ts'
import { copyLease, holdServiceLease, serviceLife } from '../../../src/db/leases/serviceLease.ts'
import { openCopy, openDatabase } from '../../../src/db/open.ts'
import { tables as postgresTables } from '../../../src/db/postgres/tables.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import { createTestSchema, hasPostgres, type TestSchema } from '../../helpers/postgres.ts'
import { createTestLog, makeDir } from '../../helpers/pushing.ts'
import { fillTables } from './fillTables.ts'

const { log } = createTestLog()
const quiet: CopyWatch = { onProgress() {}, onNewBeginning() {} }

interface Source {
  path: string
  run(sql: string): void
}

async function createSource(followers?: number): Promise<Source> {
  const path = `${await makeDir()}/source.db`
  await (await openTestDatabase(path)).close()
  fillTables(path, { except: leftTables, ...(followers !== undefined && { followers }) })
  return {
    path,
    run(sql) {
      const connection = new Sqlite(path)
      connection.exec(sql)
      connection.close()
    },
  }
}

async function copy({ path }: Source, { url }: TestSchema, watch: Partial<CopyWatch> = {}) {
  const { source, target, close } = await openCopy({ path, to: toPostgresAddress(url), log })
  try {
    return await copyDatabase(source, target, { ...quiet, ...watch })
  } finally {
    await close()
  }
}

/** Ends the copy after so many rows, as a lost server would. */
function breakAfter(rows: number): Partial<CopyWatch> {
  return {
    onProgress(phase, done) {
      if (phase === 'copy' && done >= rows) throw new Error('broken off')
    },
  }
}

async function openTarget({ url }: TestSchema) {
  return openDatabase({ engine: 'postgres', ...toPostgresAddress(url) }, log)
}

describe.skipIf(!(await hasPostgres()))('a copy of a SQLite file in PostgreSQL', () => {
  test('has every row with its values, the identity, and gives out no number again', async () => {
    const source = await createSource()
    source.run("update sqlite_sequence set seq = 500 where name = 'sync_runs'")
    const target = await createTestSchema()
    const { tables, resumed, verified } = await copy(source, target)
    expect({ resumed, verified }).toEqual({ resumed: false, verified: true })
    const left = leftTables.map((name) => getTableName(Object(postgresTables)[name]))
    const all = Object.values<Table>(postgresTables).map(getTableName)
    expect(tables.map(({ table }) => table).sort()).toEqual(all.filter((name) => !left.includes(name)).sort())
    for (const { table, rows } of tables) {
      expect(await target.query(`select count(*) as count from ${table}`)).toEqual([{ count: rows }])
      expect(rows, table).toBeGreaterThan(0)
    }
    expect(new Set(tables.map(({ checksum }) => checksum)).size).toBe(tables.length)

    const sqlite = new Sqlite(source.path)
    const wanted = sqlite.prepare('select * from pushes order by appid, id').all()
    expect(await target.query('select * from pushes order by appid, id')).toEqual(wanted)
    const [follower] = await target.query('select subscribed, tag_ids from followers where id = 1')
    expect(follower).toEqual({ subscribed: true, tag_ids: [1, 2] })
    const [seen] = await target.query('select bits from sync_seen where run_id = 1')
    expect(seen).toEqual({ bits: Buffer.from([0, 255, 1]) })
    const id = sqlite.prepare('select id from database_identity').pluck().get()
    sqlite.close()

    const database = await openTarget(target)
    expect(database.id).toBe(id)
    await database.close()
    expect(await target.query("select nextval(pg_get_serial_sequence('sync_runs', 'id')) as next")).toEqual([
      { next: 501 },
    ])
    expect(await target.query("select nextval(pg_get_serial_sequence('followers', 'id')) as next")).toEqual([
      { next: 9 },
    ])
  })

  test('goes on after it was broken off, and nobody can use it before it is complete', async () => {
    const source = await createSource(5_000)
    const target = await createTestSchema()
    // In the middle of the followers, which come after four other tables.
    await expect(copy(source, target, breakAfter(2_032))).rejects.toThrow('broken off')
    const [before] = await target.query('select count(*) as count from followers')
    expect(before).toEqual({ count: 2_000 })
    await expect(openTarget(target)).rejects.toMatchObject({ code: 'incomplete' })

    const firsts: number[] = []
    const onProgress: CopyWatch['onProgress'] = (_, done) => void firsts.push(done)
    const { tables, resumed } = await copy(source, target, { onProgress })
    expect(resumed).toBe(true)
    expect(firsts[0]).toBe(2_032)
    expect(tables.find(({ table }) => table === 'followers')?.rows).toBe(5_000)
    await (await openTarget(target)).close()
  })

  test('begins anew when its source was written to since', async () => {
    const source = await createSource(5_000)
    const target = await createTestSchema()
    await expect(copy(source, target, breakAfter(2_032))).rejects.toThrow('broken off')
    source.run("update access_tokens set token = 'another' where appid = 'wx1'")
    let beginnings = 0
    const { resumed } = await copy(source, target, { onNewBeginning: () => void beginnings++ })
    expect({ beginnings, resumed }).toEqual({ beginnings: 1, resumed: false })
    expect(await target.query("select token from access_tokens where appid = 'wx1'")).toEqual([
      { token: 'another' },
    ])
  })

  test('is compared when it is made again, and what differs is named', async () => {
    const source = await createSource()
    const target = await createTestSchema()
    const first = await copy(source, target)
    expect(await copy(source, target)).toEqual(first)
    await target.query("update pushes set errmsg = 'changed' where errcode = 1")
    await expect(copy(source, target)).rejects.toMatchObject({
      code: 'differs',
      message: expect.stringContaining('pushes (8 rows, 8 in the copy)'),
    })
    await target.query('delete from users where login_at is not null')
    await expect(copy(source, target)).rejects.toThrow(/users \(8 rows, 0 in the copy\), sessions/)
  })

  test('goes nowhere where other data are', async () => {
    const target = await createTestSchema()
    const database = await openTarget(target)
    await database.followers('wx').upsert([{ openid: 'o', unionid: 'u', subscribed: true }], { at: 1 })
    const source = await createSource()
    await expect(copy(source, target)).rejects.toMatchObject({
      code: 'other_data',
      message: expect.stringContaining('table followers'),
    })
    expect(await database.followers('wx').findByUnionid('u')).toMatchObject({ openid: 'o' })
    expect((await openTarget(target)).id).toBe(database.id)
    await database.close()
  })

  test('goes nowhere where the copy of another database or another program is', async () => {
    const target = await createTestSchema()
    await copy(await createSource(), target)
    const foreign = await createTestSchema()
    await foreign.query(`create schema ${new URL(foreign.url).searchParams.get('schema')}`)
    await foreign.query('create table theirs (id int)')
    for (const taken of [target, foreign]) {
      await expect(copy(await createSource(), taken)).rejects.toMatchObject({ code: 'other_data' })
    }
  })

  test('is not made while a service, or another copy, uses the file', async () => {
    const source = await createSource()
    const target = await createTestSchema()
    const database = await openTestDatabase(source.path)
    const release = await holdServiceLease(database, log)
    await expect(copy(source, target)).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining(`pid ${process.pid}`),
    })
    await release()
    await database.leases().acquire(copyLease, 'postgres://elsewhere', serviceLife)
    await expect(copy(source, target)).rejects.toMatchObject({ code: 'in_use' })
    await database.leases().release(copyLease, 'postgres://elsewhere')
    expect(await copy(source, target)).toMatchObject({ verified: true })
  })

  test('keeps services from beginning to use the file', async () => {
    const source = await createSource()
    const target = await createTestSchema()
    const database = await openTestDatabase(source.path)
    const { close } = await openCopy({ path: source.path, to: toPostgresAddress(target.url), log })
    await expect(holdServiceLease(database, log)).rejects.toMatchObject({ code: 'in_use' })
    await close()
    await (await holdServiceLease(database, log))()
  })
})

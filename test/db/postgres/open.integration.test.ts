import { describe, expect, onTestFinished, test } from 'vitest'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import type { DatabaseError } from '../../../src/db/databaseError.ts'
import { openPostgres } from '../../../src/db/postgres/stores.ts'
import { findFreePort } from '../../helpers/freePort.ts'
import { createTestSchema, hasPostgres } from '../../helpers/postgres.ts'
import { createTestLog } from '../../helpers/pushing.ts'

const isHere = await hasPostgres()
const minute = 60_000

async function open(url: string, now?: () => number) {
  const database = await openPostgres({
    ...toPostgresAddress(url),
    log: createTestLog().log,
    ...(now && { now }),
  })
  onTestFinished(() => database.close())
  return database
}

describe.skipIf(!isHere)('a PostgreSQL server', () => {
  test('that cannot be used is refused with what to do', async () => {
    const { url } = await createTestSchema()
    const port = await findFreePort()
    const refusals: [url: string, code: DatabaseError['code'], advice: RegExp][] = [
      [`postgres://postgres:root@127.0.0.1:${port}/postgres`, 'unreachable', /start the server/],
      [url.replace('/postgres?', '/no_such_database?'), 'no_database', /create it/],
      [url.replace('postgres:root@', 'no_such_user:x@'), 'access_denied', /right user/],
      [`${url}&sslmode=verify-full`, 'tls_failed', /ssl/],
      [`${url}&sslmode=verify-full&sslrootcert=/no/such/ca.pem`, 'tls_failed', /ca\.pem.*sslrootcert=, /],
    ]
    for (const [address, code, advice] of refusals) {
      const sentence: unknown = expect.stringMatching(advice)
      await expect(open(address)).rejects.toMatchObject({ name: 'DatabaseError', code, message: sentence })
    }
  })

  test('with tables of a newer program, or of another one, is left alone', async () => {
    const newer = await createTestSchema()
    await (await open(newer.url)).close()
    await newer.query('update __drizzle_migrations set created_at = 99999999999999')
    await expect(open(newer.url)).rejects.toMatchObject({ code: 'newer_schema' })
    const foreign = await createTestSchema()
    const schema = toPostgresAddress(foreign.url).schema
    await foreign.query(`create schema ${schema}; create table ${schema}.theirs (id int)`)
    await expect(open(foreign.url)).rejects.toMatchObject({ code: 'foreign_database' })
  })

  test('is opened by several processes at once, and tells them that it is one', async () => {
    const { url } = await createTestSchema()
    const [one, two, three] = await Promise.all([open(url), open(url), open(url)])
    expect(new Set([one.id, two.id, three.id]).size).toBe(1)
  })

  test('that ends connections is met with an error, and used again', async () => {
    const { url, query } = await createTestSchema()
    const database = await open(url)
    const sleeping = database.query('select pg_sleep(60)')
    const refused = expect(sleeping).rejects.toMatchObject({ code: 'unreachable' })
    const end = `select pg_terminate_backend(pid) as done from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'`
    await expect.poll(async () => (await query(end)).length, { timeout: 20_000 }).toBe(1)
    await refused
    expect(await database.leases().acquire('sync', 'me', minute)).toBe(true)
  })

  test('gives two machines one clock, though theirs differ by five minutes', async () => {
    const { url } = await createTestSchema()
    const [right, ahead] = [await open(url), await open(url, () => Date.now() + 5 * minute)]
    const soon = Date.now() + 5 * minute
    expect(await right.leases().acquire('sync', 'right', minute)).toBe(true)
    expect(await ahead.leases().acquire('sync', 'ahead', minute)).toBe(false)
    const [mine, theirs] = [right.accountState('wx1'), ahead.accountState('wx1')]
    // Due in one minute, by either clock.
    await theirs.pause({ reason: 'ip_not_allowed', detail: '', since: soon, probeAt: soon + minute })
    expect(await mine.claimProbe(Date.now(), Date.now() + minute)).toBe(false)
    expect(Math.abs(((await mine.find())?.probeAt ?? 0) - Date.now() - minute)).toBeLessThan(minute / 2)
    expect(await mine.claimProbe(Date.now() + 2 * minute, Date.now() + 3 * minute)).toBe(true)
  })
})

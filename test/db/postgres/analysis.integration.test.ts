import { expect, onTestFinished, test } from 'vitest'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import { openPostgres } from '../../../src/db/postgres/stores.ts'
import { createTestSchema } from '../../helpers/postgres.ts'
import { createTestLog } from '../../helpers/pushing.ts'

test('a table that fills is looked at before PostgreSQL does so by itself', async () => {
  const { url, query } = await createTestSchema()
  const database = await openPostgres({ ...toPostgresAddress(url), log: createTestLog().log })
  onTestFinished(() => database.close())
  const known = async () =>
    (await query(`select reltuples as n from pg_class where oid = 'followers'::regclass`))[0]?.n
  const { upsert } = database.followers('wx1')
  const infos = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ openid: `o${from + n}`, subscribed: true }))
  await upsert(infos(0, 999), { at: 1_000 })
  expect(await known()).toBe(-1)
  await upsert(infos(999, 1), { at: 1_000 })
  expect(await known()).toBe(1_000)
  await upsert(infos(1_000, 999), { at: 1_000 })
  expect(await known()).toBe(1_000)
  await upsert(infos(1_999, 1), { at: 1_000 })
  expect(await known()).toBe(2_000)
})

import { expect, onTestFinished, test, vi } from 'vitest'
import { toPostgresAddress } from '../../../src/base/urls/postgresUrl.ts'
import { openDatabase } from '../../../src/db/open.ts'
import type { Stores } from '../../../src/db/stores.ts'
import { createTestSchema } from '../../helpers/postgres.ts'
import { createTestLog } from '../../helpers/pushing.ts'

const appid = 'wx1'
const token = 'a'.repeat(43)
const old = 1_000
const now = 10_000_000
const login = { openid: 'o1', unionid: undefined, sessionKey: 'k', at: old }

interface Purge {
  name: string
  fill(database: Stores): Promise<unknown>
  /** What somebody else does in the moment of the purge. */
  change: string
  purge(database: Stores): Promise<unknown>
  left: string
}

const purges: Purge[] = [
  {
    name: 'a follower who comes back keeps the unionid',
    async fill(database) {
      await database.followers(appid).upsert([{ openid: 'o1', subscribed: true, unionid: 'u1' }], { at: old })
      await database.followers(appid).markUnsubscribed(['o1'], old)
    },
    change: 'update followers set subscribed = true, unsubscribed_at = null',
    purge: (database) => database.liveFollowers(appid).purgeUnfollowed(now),
    left: `select 1 from followers where unionid = 'u1'`,
  },
  {
    name: 'a user who logs in stays logged in',
    fill: (database) => database.users(appid).recordLogin(login),
    change: `update users set login_at = ${now}`,
    purge: (database) => database.users(appid).purge({ before: now, now }),
    left: 'select 1 from users',
  },
  {
    name: 'a session that is used goes on',
    async fill(database) {
      await database.users(appid).recordLogin(login)
      await database.sessions(appid).start({ token, openid: 'o1', createdAt: old, expiresAt: old })
    },
    change: `update sessions set expires_at = ${now + 1}`,
    purge: (database) => database.sessions(appid).purge(now),
    left: 'select 1 from sessions',
  },
]

test.each(purges)('in the moment of a purge $name', async ({ fill, change, purge, left }) => {
  const { url, query, hold } = await createTestSchema()
  const database = await openDatabase({ engine: 'postgres', ...toPostgresAddress(url) }, createTestLog().log)
  onTestFinished(() => database.close())
  await fill(database)
  const waits = (sql: string) =>
    vi.waitUntil(async () => (await query(sql)).length > 0, { timeout: 15_000, interval: 10 })

  const key = Math.floor(Math.random() * 1e9)
  const changing = `select pid from pg_stat_activity where query like 'begin%advisory_xact_lock(${key})%'`
  const commit = await hold(`select pg_advisory_lock(${key})`)
  const changed = query(`begin; ${change}; select pg_advisory_xact_lock(${key}); commit`)
  await waits(`${changing} and wait_event_type = 'Lock'`)
  const purged = purge(database)
  await waits(`select pid from pg_stat_activity where pg_blocking_pids(pid) && array(${changing})`)
  await commit()
  await Promise.all([changed, purged])
  expect(await query(left)).toHaveLength(1)
})

import { purgeAll, purgeLimit } from '../../purge.ts'
import type { Users } from '../../users.ts'
import type { PostgresDatabase } from '../engine/open.ts'

const isUser = 'appid = $1 and openid = $2'
const findSql = `select unionid, session_key as "sessionKey" from users where ${isUser}`
const recordLoginSql = `insert into users (appid, openid, unionid, session_key, created_at, login_at)
values ($1, $2, $3, $4, $5, $5)
on conflict (appid, openid) do update set unionid = coalesce(excluded.unionid, users.unionid),
  session_key = excluded.session_key, login_at = excluded.login_at`
const setUnionidSql = `update users set unionid = $3 where ${isUser}`
const completeUnionidSql = `update users set unionid = $3 where ${isUser} and unionid is null`
const setSessionKeySql = `update users set session_key = $3 where ${isUser}`
const findRecentSql = `select unionid from users where appid || '' = $1 order by login_at desc limit $2`
/**
 * By the time of the login, twice, because of a row that was changed meanwhile only the outer conditions are looked at once
 * more; the appid in an expression keeps the key of the table, which holds all users, out of it.
 */
const purgeSql = `delete from users where (appid, openid) in (
  select appid, openid from users where login_at < $2 and appid || '' = $1 and not exists (
    select from sessions
    where sessions.appid = users.appid and sessions.openid = users.openid and sessions.expires_at > $3
  ) limit ${purgeLimit}) and login_at < $2`

/** The rows of one mini-program's users. */
export function createUsers(
  { query, write }: Pick<PostgresDatabase, 'query' | 'write'>,
  appid: string,
): Users {
  async function change(sql: string, ...values: unknown[]): Promise<number> {
    const [result] = await write([{ sql, params: [appid, ...values] }])
    return result?.changes ?? 0
  }
  return {
    async find(openid) {
      const [row] = await query<{ unionid: string | null; sessionKey: string }>(findSql, [appid, openid])
      return row
    },
    async recordLogin({ openid, unionid = null, sessionKey, at }) {
      await change(recordLoginSql, openid, unionid, sessionKey, at)
    },
    async setUnionid({ openid, unionid }) {
      await change(setUnionidSql, openid, unionid)
    },
    async completeUnionid({ openid, unionid }) {
      await change(completeUnionidSql, openid, unionid)
    },
    async setSessionKey({ openid, sessionKey }) {
      await change(setSessionKeySql, openid, sessionKey)
    },
    async findRecent(limit) {
      const rows = await query<{ unionid: string | null }>(findRecentSql, [appid, limit])
      return rows.map(({ unionid }) => unionid)
    },
    purge: ({ before, now }) => purgeAll(() => change(purgeSql, before, now)),
  }
}

import { toTokenHash } from '../../../base/sessionToken.ts'
import { purgeAll, purgeLimit } from '../../purge.ts'
import type { FindSessionUser, Session, Sessions } from '../../sessions.ts'
import type { PostgresDatabase } from '../engine/open.ts'

const findUserSql = `select users.unionid from sessions
join users on users.appid = sessions.appid and users.openid = sessions.openid
where sessions.token_hash = $1 and sessions.expires_at > $2`
const isSession = 'token_hash = $1 and appid = $2'
const findSql = `select openid, expires_at as "expiresAt" from sessions where ${isSession} and expires_at > $3`
const startSql = `insert into sessions (token_hash, appid, openid, created_at, expires_at) values ($1, $2, $3, $4, $5)`
const extendSql = `update sessions set expires_at = $3 where ${isSession}`
const endSql = `delete from sessions where ${isSession}`
const purgeSql = `delete from sessions where token_hash in (
  select token_hash from sessions where appid || '' = $1 and expires_at <= $2 limit ${purgeLimit}) and expires_at <= $2`

/** For those who were told no more than the hash. */
export function createFindSessionUser(
  { query }: Pick<PostgresDatabase, 'query'>,
  now: () => number,
): FindSessionUser {
  return async (tokenHash) => {
    const [row] = await query<{ unionid: string | null }>(findUserSql, [tokenHash, now()])
    return row
  }
}

/** The sessions of one mini-program's users. */
export function createSessions(
  { query, write }: Pick<PostgresDatabase, 'query' | 'write'>,
  appid: string,
): Sessions {
  return {
    async start({ token, openid, createdAt, expiresAt }) {
      const params = [toTokenHash(token), appid, openid, createdAt, expiresAt]
      await write([{ sql: startSql, params }])
    },
    async find(token, now) {
      const hash = toTokenHash(token)
      if (hash === undefined) return undefined
      const [row] = await query<Session>(findSql, [hash, appid, now])
      return row
    },
    async extend(token, expiresAt) {
      const hash = toTokenHash(token)
      if (hash !== undefined) await write([{ sql: extendSql, params: [hash, appid, expiresAt] }])
    },
    async end(token) {
      const hash = toTokenHash(token)
      if (hash !== undefined) await write([{ sql: endSql, params: [hash, appid] }])
    },
    purge: (now) =>
      purgeAll(async () => (await write([{ sql: purgeSql, params: [appid, now] }]))[0]?.changes ?? 0),
  }
}

import { and, desc, eq, gt, isNull, lt, notExists, sql } from 'drizzle-orm'
import { purgeAll, purgeLimit } from '../../purge.ts'
import type { Login, SessionKeyOf, UnionidOf, Users } from '../../users.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { sessions, users } from './tables.ts'

/** The rows of one mini-program's users. */
export function createUsers({ read, write }: Pick<SqliteDatabase, 'read' | 'write'>, appid: string): Users {
  const unionid = sql`${sql.placeholder('unionid')}`
  const sessionKey = sql`${sql.placeholder('sessionKey')}`
  const isUser = and(eq(users.appid, appid), eq(users.openid, sql.placeholder('openid')))
  const find = prepareLater(
    read.select({ unionid: users.unionid, sessionKey: users.sessionKey }).from(users).where(isUser),
  )
  const recordLogin = compileWrite<Login>(
    read
      .insert(users)
      .values({
        appid,
        openid: sql.placeholder('openid'),
        unionid,
        sessionKey,
        createdAt: sql.placeholder('at'),
        loginAt: sql.placeholder('at'),
      })
      .onConflictDoUpdate({
        target: [users.appid, users.openid],
        set: {
          unionid: sql`coalesce(excluded.unionid, ${users.unionid})`,
          sessionKey: sql`excluded.session_key`,
          loginAt: sql`excluded.login_at`,
        },
      }),
  )
  const setUnionid = compileWrite<UnionidOf>(read.update(users).set({ unionid }).where(isUser))
  const completeUnionid = compileWrite<UnionidOf>(
    read
      .update(users)
      .set({ unionid })
      .where(and(isUser, isNull(users.unionid))),
  )
  const setSessionKey = compileWrite<SessionKeyOf>(read.update(users).set({ sessionKey }).where(isUser))
  const living = read
    .select({ openid: sessions.openid })
    .from(sessions)
    .where(
      and(
        eq(sessions.appid, users.appid),
        eq(sessions.openid, users.openid),
        gt(sessions.expiresAt, sql.placeholder('now')),
      ),
    )
  const gone = and(
    lt(users.loginAt, sql.placeholder('before')),
    sql`${users.appid} || '' = ${appid}`,
    notExists(living),
  )
  const purge = compileWrite<{ before: number; now: number }>(
    read
      .delete(users)
      .where(sql`${users}.rowid in (select rowid from ${users} where ${gone} limit ${purgeLimit})`),
  )
  const findRecent = prepareLater(
    read
      .select({ unionid: users.unionid })
      .from(users)
      .where(sql`${users.appid} || '' = ${appid}`)
      .orderBy(desc(users.loginAt))
      .limit(sql.placeholder('limit')),
  )
  return {
    async findRecent(limit) {
      return findRecent.all({ limit }).map((row) => row.unionid)
    },
    async purge(times) {
      return purgeAll(() => countChanged(write, [purge.once(times)]))
    },
    async find(openid) {
      return find.get({ openid })
    },
    async recordLogin(login) {
      await write([recordLogin.once(login)])
    },
    async setUnionid(user) {
      await write([setUnionid.once(user)])
    },
    async completeUnionid(user) {
      await write([completeUnionid.once(user)])
    },
    async setSessionKey(user) {
      await write([setSessionKey.once(user)])
    },
  }
}

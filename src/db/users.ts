import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Database } from './open.ts'
import { users } from './schema.ts'
import { compileWrite } from './statement.ts'

interface Login {
  openid: string
  unionid: string | undefined
  /** Encrypted. */
  sessionKey: string
  /** Epoch milliseconds. */
  at: number
}

interface UnionidOf {
  openid: string
  unionid: string
}

interface SessionKeyOf {
  openid: string
  sessionKey: string
}

interface UserRow {
  unionid: string | null
  /** Encrypted. */
  sessionKey: string
}

export interface Users {
  find(openid: string): Promise<UserRow | undefined>
  /** A missing unionid never replaces a known one. */
  recordLogin(login: Login): Promise<void>
  /** Takes a unionid that WeChat itself named for this user. */
  setUnionid(user: UnionidOf): Promise<void>
  /** Takes a unionid only where none is known yet. */
  completeUnionid(user: UnionidOf): Promise<void>
  /** Takes a new session_key, encrypted. */
  setSessionKey(user: SessionKeyOf): Promise<void>
}

/** The rows of one mini-program's users. */
export function createUsers({ read, write }: Pick<Database, 'read' | 'write'>, appid: string): Users {
  const unionid = sql`${sql.placeholder('unionid')}`
  const sessionKey = sql`${sql.placeholder('sessionKey')}`
  const isUser = and(eq(users.appid, appid), eq(users.openid, sql.placeholder('openid')))
  const find = read
    .select({ unionid: users.unionid, sessionKey: users.sessionKey })
    .from(users)
    .where(isUser)
    .prepare()
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
  return {
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

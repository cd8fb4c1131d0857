import { and, eq, gt, lte, sql } from 'drizzle-orm'
import { toTokenHash } from '../../../base/sessionToken.ts'
import { purgeAll, purgeLimit } from '../../purge.ts'
import type { FindSessionUser, NewSession, Sessions } from '../../sessions.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { sessions, users } from './tables.ts'

/** For those who were told no more than the hash. */
export function createFindSessionUser(
  { read }: Pick<SqliteDatabase, 'read'>,
  now = Date.now,
): FindSessionUser {
  const find = prepareLater(
    read
      .select({ unionid: users.unionid })
      .from(sessions)
      .innerJoin(users, and(eq(users.appid, sessions.appid), eq(users.openid, sessions.openid)))
      .where(
        and(
          eq(sessions.tokenHash, sql.placeholder('tokenHash')),
          gt(sessions.expiresAt, sql.placeholder('now')),
        ),
      ),
  )
  return async (tokenHash) => find.get({ tokenHash, now: now() })
}

/** The sessions of one mini-program's users. */
export function createSessions(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Sessions {
  const tokenHash = sql.placeholder('tokenHash')
  const isSession = and(eq(sessions.appid, appid), eq(sessions.tokenHash, tokenHash))
  const find = prepareLater(
    read
      .select({ openid: sessions.openid, expiresAt: sessions.expiresAt })
      .from(sessions)
      .where(and(isSession, gt(sessions.expiresAt, sql.placeholder('now')))),
  )
  const start = compileWrite<Omit<NewSession, 'token'> & { tokenHash: string | undefined }>(
    read.insert(sessions).values({
      tokenHash,
      appid,
      openid: sql.placeholder('openid'),
      createdAt: sql.placeholder('createdAt'),
      expiresAt: sql.placeholder('expiresAt'),
    }),
  )
  const extend = compileWrite<{ tokenHash: string | undefined; expiresAt: number }>(
    read
      .update(sessions)
      .set({ expiresAt: sql`${sql.placeholder('expiresAt')}` })
      .where(isSession),
  )
  const end = compileWrite<{ tokenHash: string }>(read.delete(sessions).where(isSession))
  const purge = compileWrite<{ now: number }>(
    read.delete(sessions).where(
      // The plus keeps SQLite from going through all sessions of the mini-program.
      sql`${sessions}.rowid in (select rowid from ${sessions}
        where +${eq(sessions.appid, appid)} and ${lte(sessions.expiresAt, sql.placeholder('now'))} limit ${purgeLimit})`,
    ),
  )
  return {
    async start({ token, ...session }) {
      await write([start.once({ ...session, tokenHash: toTokenHash(token) })])
    },
    async find(token, now) {
      const hash = toTokenHash(token)
      return hash === undefined ? undefined : find.get({ tokenHash: hash, now })
    },
    async extend(token, expiresAt) {
      await write([extend.once({ tokenHash: toTokenHash(token), expiresAt })])
    },
    async end(token) {
      const hash = toTokenHash(token)
      if (hash !== undefined) await write([end.once({ tokenHash: hash })])
    },
    async purge(now) {
      return purgeAll(() => countChanged(write, [purge.once({ now })]))
    },
  }
}

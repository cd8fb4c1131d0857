import { bigint, foreignKey, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { number } from '../engine/columns.ts'

/** Users of the mini-program; `appid` is the mini-program here and in `sessions`. */
export const users = pgTable(
  'users',
  {
    appid: text('appid').notNull(),
    /** The openid within the mini-program; the service account knows the same user by another one. */
    openid: text('openid').notNull(),
    unionid: text('unionid'),
    /** Encrypted; WeChat's key to this user's data, which no other program may learn. */
    sessionKey: text('session_key').notNull(),
    createdAt: bigint('created_at', number).notNull(),
    loginAt: bigint('login_at', number).notNull(),
  },
  (t) => [primaryKey({ columns: [t.appid, t.openid] }), index('users_login').on(t.loginAt)],
)

export const sessions = pgTable(
  'sessions',
  {
    /** SHA-256 of the token; the token itself is known to the mini-program alone. */
    tokenHash: text('token_hash').primaryKey(),
    appid: text('appid').notNull(),
    openid: text('openid').notNull(),
    createdAt: bigint('created_at', number).notNull(),
    expiresAt: bigint('expires_at', number).notNull(),
  },
  (t) => [
    foreignKey({ columns: [t.appid, t.openid], foreignColumns: [users.appid, users.openid] }).onDelete(
      'cascade',
    ),
    index('sessions_user').on(t.appid, t.openid),
    index('sessions_expires').on(t.expiresAt),
  ],
)

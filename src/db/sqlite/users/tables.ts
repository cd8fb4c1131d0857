import { foreignKey, index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** Users of the mini-program; `appid` is the mini-program here and in `sessions`. */
export const users = sqliteTable(
  'users',
  {
    appid: text('appid').notNull(),
    /** The openid within the mini-program; the service account knows the same user by another one. */
    openid: text('openid').notNull(),
    unionid: text('unionid'),
    /** Encrypted; WeChat's key to this user's data, which no other program may learn. */
    sessionKey: text('session_key').notNull(),
    createdAt: integer('created_at').notNull(),
    loginAt: integer('login_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.appid, t.openid] }), index('users_login').on(t.loginAt)],
)

export const sessions = sqliteTable(
  'sessions',
  {
    /** SHA-256 of the token; the token itself is known to the mini-program alone. */
    tokenHash: text('token_hash').primaryKey(),
    appid: text('appid').notNull(),
    openid: text('openid').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (t) => [
    foreignKey({ columns: [t.appid, t.openid], foreignColumns: [users.appid, users.openid] }).onDelete(
      'cascade',
    ),
    index('sessions_user').on(t.appid, t.openid),
    index('sessions_expires').on(t.expiresAt),
  ],
)

import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const followers = sqliteTable(
  'followers',
  {
    /** Dense row number; a sync run marks whom it saw in a bitmap over these instead of rewriting rows. */
    id: integer('id').primaryKey(),
    appid: text('appid').notNull(),
    openid: text('openid').notNull(),
    unionid: text('unionid'),
    subscribed: integer('subscribed', { mode: 'boolean' }).notNull(),
    subscribeTime: integer('subscribe_time'),
    unsubscribedAt: integer('unsubscribed_at'),
    scene: text('scene'),
    tagIds: text('tag_ids', { mode: 'json' }).$type<number[]>(),
    remark: text('remark'),
    /** The sync run that last fetched this row. */
    seenRun: integer('seen_run'),
    /** When WeChat last told us about this user; null = never fetched. */
    infoAt: integer('info_at'),
    /** WeChat's time of the newest follow or unfollow event applied here; older news must not undo it. */
    eventAt: integer('event_at'),
  },
  (t) => [
    uniqueIndex('followers_openid').on(t.appid, t.openid),
    index('followers_unionid').on(t.appid, t.unionid),
    /** Whom nobody can reach by unionid yet. */
    index('followers_nameless').on(t.appid, t.id).where(sql`${t.unionid} is null and ${t.subscribed}`),
    /** Only those of whom there is something left to delete. */
    index('followers_unsubscribed')
      .on(t.unsubscribedAt)
      .where(
        sql`${t.unsubscribedAt} is not null and (${t.unionid} is not null or ${t.remark} is not null or ${t.tagIds} is not null or ${t.scene} is not null)`,
      ),
  ],
)

/** Kept by triggers on `followers`: to count a million of them takes most of a second. */
export const followerCounts = sqliteTable('follower_counts', {
  appid: text('appid').primaryKey(),
  subscribed: integer('subscribed').notNull(),
  /** Of the subscribed ones. */
  withUnionid: integer('with_unionid').notNull(),
  unsubscribed: integer('unsubscribed').notNull(),
})

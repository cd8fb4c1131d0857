import { sql } from 'drizzle-orm'
import { bigint, boolean, index, integer, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { number } from '../engine/columns.ts'

export const followers = pgTable(
  'followers',
  {
    /** Dense row number; a sync run marks whom it saw in a bitmap over these instead of rewriting rows. */
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    appid: text('appid').notNull(),
    openid: text('openid').notNull(),
    unionid: text('unionid'),
    subscribed: boolean('subscribed').notNull(),
    subscribeTime: bigint('subscribe_time', number),
    unsubscribedAt: bigint('unsubscribed_at', number),
    scene: text('scene'),
    tagIds: jsonb('tag_ids').$type<number[]>(),
    remark: text('remark'),
    /** The sync run that last fetched this row. */
    seenRun: bigint('seen_run', number),
    /** When WeChat last told us about this user; null = never fetched. */
    infoAt: bigint('info_at', number),
    /** WeChat's time of the newest follow or unfollow event applied here; older news must not undo it. */
    eventAt: bigint('event_at', number),
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

/** Kept by triggers on `followers`, once per statement: to count a million of them takes most of a second. */
export const followerCounts = pgTable('follower_counts', {
  appid: text('appid').primaryKey(),
  subscribed: integer('subscribed').notNull(),
  /** Of the subscribed ones. */
  withUnionid: integer('with_unionid').notNull(),
  unsubscribed: integer('unsubscribed').notNull(),
})

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { type PushReason, pushStatuses } from '../../../push/status.ts'

export const pushes = sqliteTable(
  'pushes',
  {
    id: text('id').notNull(),
    appid: text('appid').notNull(),
    unionid: text('unionid'),
    openid: text('openid'),
    templateId: text('template_id').notNull(),
    status: text('status', { enum: pushStatuses }).notNull(),
    reason: text('reason').$type<PushReason>(),
    detail: text('detail'),
    /** 19 digits and more than 2^53: text, always. */
    msgid: text('msgid'),
    errcode: integer('errcode'),
    errmsg: text('errmsg'),
    rid: text('rid'),
    attempts: integer('attempts').notNull(),
    /** Grows with every change of the row. */
    seq: integer('seq').notNull().default(1),
    /** 0 for the first message; each `failed retry` is a new message with a new client_msg_id. */
    generation: integer('generation').notNull(),
    /** Start of the first try whose outcome is not known; opens WeChat's 10-minute dedupe window. */
    unknownSince: integer('unknown_since'),
    /** The job that brings or brought it; null = its id is that of the push. */
    jobId: text('job_id'),
    /** The accepted push message as JSON, so that it can be sent again on purpose. */
    message: text('message').notNull(),
    createdAt: integer('created_at').notNull(),
    /** Not sent after. */
    expiresAt: integer('expires_at'),
    /** The unionid, or else the openid, of the user whose follow it had to wait for; null = it never had to. */
    heldFor: text('held_for'),
    /** When it last began to wait. */
    heldAt: integer('held_at'),
    /** Pushes held for one user go out in this order: when they were asked for, with a fraction within the millisecond. */
    place: real('place'),
    sentAt: integer('sent_at'),
    finishedAt: integer('finished_at'),
  },
  (t) => [
    primaryKey({ columns: [t.appid, t.id] }),
    index('pushes_msgid').on(t.msgid).where(sql`${t.msgid} is not null`),
    index('pushes_unionid').on(t.unionid, t.createdAt),
    /** Those that are only under way are found by `pushes_open`, and cost no entry here. */
    index('pushes_status')
      .on(t.status, t.createdAt)
      .where(sql`${t.finishedAt} is not null or ${t.reason} is not null`),
    /** Of those that went through none. */
    index('pushes_reason').on(t.reason, t.createdAt).where(sql`${t.reason} is not null`),
    index('pushes_template').on(t.templateId, t.createdAt),
    index('pushes_created').on(t.appid, t.createdAt),
    /** The few that are under way. */
    index('pushes_open').on(t.createdAt).where(sql`${t.finishedAt} is null and ${t.reason} is not 'hold'`),
    /** Enough to count outcomes and their reasons without a look at their rows. */
    index('pushes_finished')
      .on(t.appid, t.status, t.finishedAt, t.reason)
      .where(sql`${t.finishedAt} is not null`),
    /** A receipt without msgid names only the openid; pushes by unionid are found through the follower. */
    index('pushes_openid').on(t.openid, t.createdAt).where(sql`${t.unionid} is null`),
    /** The pushes that were held for one user and are not sent yet, in their order. */
    index('pushes_line')
      .on(t.heldFor, t.place)
      .where(sql`${t.heldFor} is not null and ${t.finishedAt} is null`),
    index('pushes_held').on(t.appid, t.expiresAt).where(sql`${t.reason} = 'hold'`),
  ],
)

/** Users who follow now and for whom pushes are held; written with the follow, deleted when the first of them is queued. */
export const pendingReleases = sqliteTable(
  'pending_releases',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    appid: text('appid').notNull(),
    /** As in `pushes.held_for`. */
    recipient: text('recipient').notNull(),
  },
  /** In the order of the ids, which end every index. */
  (t) => [index('pending_releases_appid').on(t.appid)],
)

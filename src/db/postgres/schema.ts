import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  customType,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { type PauseReason, type PushReason, pushStatuses } from '../../push/status.ts'

export {
  broadcastChunks,
  broadcastCounts,
  broadcastKeys,
  broadcastRecents,
  broadcastRecipients,
  broadcastRetries,
  broadcasts,
} from './broadcasts/tables.ts'
export { webhookChanges, webhookDeliveries, webhookEndpoint } from './webhooks/tables.ts'

/** Milliseconds and row numbers are exact up to 2^53. */
const number = { mode: 'number' } as const
const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })

/** Rows of every table are keyed by `appid`, the service account. Times are integer milliseconds (UTC). */

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

export const pushes = pgTable(
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
    errcode: bigint('errcode', number),
    errmsg: text('errmsg'),
    rid: text('rid'),
    attempts: integer('attempts').notNull(),
    /** Grows with every change of the row. */
    seq: integer('seq').notNull().default(1),
    /** 0 for the first message; each `failed retry` is a new message with a new client_msg_id. */
    generation: integer('generation').notNull(),
    /** Start of the first try whose outcome is not known; opens WeChat's 10-minute dedupe window. */
    unknownSince: bigint('unknown_since', number),
    /** The job that brings or brought it; null = its id is that of the push. */
    jobId: text('job_id'),
    /** The accepted push message as JSON, so that it can be sent again on purpose. */
    message: text('message').notNull(),
    createdAt: bigint('created_at', number).notNull(),
    /** Not sent after. */
    expiresAt: bigint('expires_at', number),
    /** The unionid, or else the openid, of the user whose follow it had to wait for; null = it never had to. */
    heldFor: text('held_for'),
    /** When it last began to wait. */
    heldAt: bigint('held_at', number),
    /** Pushes held for one user go out in this order: when they were asked for, with a fraction within the millisecond. */
    place: doublePrecision('place'),
    sentAt: bigint('sent_at', number),
    finishedAt: bigint('finished_at', number),
  },
  (t) => [
    primaryKey({ columns: [t.appid, t.id] }),
    index('pushes_msgid').on(t.msgid).where(sql`${t.msgid} is not null`),
    index('pushes_unionid').on(t.unionid, t.createdAt),
    /** Those that are only under way are found by `pushes_open`, and cost no entry here. */
    index('pushes_status')
      .on(t.status, t.createdAt)
      .where(sql`${t.finishedAt} is not null or ${t.reason} is not null`),
    index('pushes_template').on(t.templateId, t.createdAt),
    index('pushes_created').on(t.appid, t.createdAt),
    /** The few that are under way. */
    index('pushes_open')
      .on(t.createdAt)
      .where(sql`${t.finishedAt} is null and ${t.reason} is distinct from 'hold'`),
    /** Enough to count outcomes without a look at their rows. */
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
export const pendingReleases = pgTable(
  'pending_releases',
  {
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    appid: text('appid').notNull(),
    /** As in `pushes.held_for`. */
    recipient: text('recipient').notNull(),
  },
  (t) => [index('pending_releases_appid').on(t.appid, t.id)],
)

export const syncRuns = pgTable(
  'sync_runs',
  {
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    appid: text('appid').notNull(),
    status: text('status', { enum: ['running', 'complete', 'interrupted', 'stopped'] }).notNull(),
    /** `--full`: every follower is fetched again. */
    full: boolean('full').notNull(),
    /** next_openid of the page to ask for next; null = from the start. */
    cursor: text('cursor'),
    /** WeChat has named all followers; what is left is to mark those it did not name. */
    listed: boolean('listed').notNull(),
    resumed: boolean('resumed').notNull(),
    total: bigint('total', number).notNull(),
    pages: bigint('pages', number).notNull(),
    seen: bigint('seen', number).notNull(),
    fetched: bigint('fetched', number).notNull(),
    added: bigint('added', number).notNull(),
    updated: bigint('updated', number).notNull(),
    unsubscribed: bigint('unsubscribed', number).notNull(),
    withoutUnionid: bigint('without_unionid', number).notNull(),
    /** Entries of WeChat's lists that named nobody. */
    oddRows: bigint('odd_rows', number).notNull().default(0),
    error: text('error'),
    startedAt: bigint('started_at', number).notNull(),
    finishedAt: bigint('finished_at', number),
    /** Time spent at work, over all parts of the run. */
    durationMs: bigint('duration_ms', number).notNull(),
  },
  (t) => [index('sync_runs_appid').on(t.appid, t.id)],
)

/** Which rows of `followers` an unfinished run saw and had no reason to write: bit n of chunk c is row c * chunk size + n. */
export const syncSeen = pgTable(
  'sync_seen',
  {
    runId: bigint('run_id', number)
      .notNull()
      .references(() => syncRuns.id, { onDelete: 'cascade' }),
    chunk: integer('chunk').notNull(),
    bits: bytea('bits').notNull(),
  },
  (t) => [primaryKey({ columns: [t.runId, t.chunk] })],
)

export const accessTokens = pgTable('access_tokens', {
  appid: text('appid').primaryKey(),
  token: text('token').notNull(),
  obtainedAt: bigint('obtained_at', number).notNull(),
  expiresAt: bigint('expires_at', number).notNull(),
})

export const templates = pgTable(
  'templates',
  {
    appid: text('appid').notNull(),
    templateId: text('template_id').notNull(),
    title: text('title').notNull(),
    content: text('content').notNull(),
    example: text('example').notNull(),
    primaryIndustry: text('primary_industry').notNull(),
    deputyIndustry: text('deputy_industry').notNull(),
    fetchedAt: bigint('fetched_at', number).notNull(),
  },
  (t) => [primaryKey({ columns: [t.appid, t.templateId] })],
)

export const accountState = pgTable('account_state', {
  appid: text('appid').primaryKey(),
  /** null = running. */
  pausedReason: text('paused_reason').$type<PauseReason>(),
  pausedDetail: text('paused_detail'),
  pausedSince: bigint('paused_since', number),
  probeAt: bigint('probe_at', number),
  /** Fruitless probes since the pause began. */
  probes: integer('probes').notNull(),
  /** Sends per second the pacing allows; null = unlimited. */
  rate: doublePrecision('rate'),
  /** Sends per second that WeChat refused; null = not known. */
  refusedRate: doublePrecision('refused_rate'),
  /** When sending was last slowed down. */
  refusedAt: bigint('refused_at', number),
})

/** What a worker process waits for, while it does; a process that was killed leaves its row behind until it runs out. */
export const openCircuits = pgTable(
  'open_circuits',
  {
    appid: text('appid').notNull(),
    /** The worker process. */
    owner: text('owner').notNull(),
    need: text('need', { enum: ['queue', 'database', 'wechat'] }).notNull(),
    detail: text('detail').notNull(),
    since: bigint('since', number).notNull(),
    /** Not to be believed after. */
    until: bigint('until', number).notNull(),
  },
  (t) => [primaryKey({ columns: [t.appid, t.owner, t.need] })],
)

/** One row, made with the file: tells this database, its backups and copies included, from all others. */
export const databaseIdentity = pgTable('database_identity', {
  id: text('id').primaryKey(),
})

/** One holder at a time per name ("sync wx123"), so that two processes never do the same work twice. */
export const leases = pgTable('leases', {
  name: text('name').primaryKey(),
  owner: text('owner').notNull(),
  until: bigint('until', number).notNull(),
})

/** What was changed over HTTP, and with which key. */
export const auditEntries = pgTable(
  'audit',
  {
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    at: bigint('at', number).notNull(),
    keyName: text('key_name').notNull(),
    role: text('role').notNull(),
    action: text('action').notNull(),
    account: text('account'),
    target: text('target'),
    detail: text('detail'),
  },
  (t) => [index('audit_at').on(t.at, t.id)],
)

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

/** Events of WeChat's message push: stored before they are answered, worked off after. */
export const callbackEvents = pgTable(
  'callback_events',
  {
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    appid: text('appid').notNull(),
    kind: text('kind', {
      enum: [
        'subscribe',
        'unsubscribe',
        'receipt',
        'user_info_modified',
        'user_authorization_revoke',
        'user_authorization_cancellation',
      ],
    }).notNull(),
    openid: text('openid').notNull(),
    /** WeChat's CreateTime: whole seconds. */
    at: bigint('at', number).notNull(),
    /** Of a receipt; `0` when WeChat named none. Empty for other events, as the next two. */
    msgid: text('msgid').notNull(),
    /** Of a receipt, as WeChat wrote it. */
    status: text('status').notNull(),
    /** The app whose authorisation changed: the account or a mini-program. */
    app: text('app').notNull(),
    receivedAt: bigint('received_at', number).notNull(),
    /** When to work on it; null = done, kept only to recognise WeChat's repeats. */
    dueAt: bigint('due_at', number),
    /** 0 until its first effect is written; then one more for every call to WeChat it took. */
    tries: integer('tries').notNull(),
  },
  (t) => [
    /** What repeats of one event have in common: WeChat gives events no id, and one user can get several receipts a second. */
    uniqueIndex('callback_events_same').on(t.appid, t.openid, t.at, t.kind, t.msgid, t.status),
    index('callback_events_due').on(t.appid, t.dueAt).where(sql`${t.dueAt} is not null`),
  ],
)

/** Receipts that fit no push yet: they overtook the record of the send, or the push is another program's. */
export const unmatchedReceipts = pgTable(
  'unmatched_receipts',
  {
    id: bigint('id', number).primaryKey().generatedByDefaultAsIdentity(),
    appid: text('appid').notNull(),
    openid: text('openid').notNull(),
    msgid: text('msgid').notNull(),
    status: text('status').notNull(),
    at: bigint('at', number).notNull(),
    receivedAt: bigint('received_at', number).notNull(),
    /** When to look again. */
    dueAt: bigint('due_at', number).notNull(),
  },
  (t) => [index('unmatched_receipts_due').on(t.appid, t.dueAt)],
)

import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { finalStatuses, type PushReason } from '../../../push/status.ts'
import { type Audience, type BroadcastReason, broadcastStatuses } from '../../broadcasts/row.ts'

export const broadcasts = sqliteTable(
  'broadcasts',
  {
    no: integer('no').primaryKey({ autoIncrement: true }),
    id: text('id').notNull(),
    appid: text('appid').notNull(),
    name: text('name'),
    templateId: text('template_id').notNull(),
    message: text('message').notNull(),
    audience: text('audience', { mode: 'json' }).$type<Audience>().notNull(),
    /** `draft` while its recipients are written, which nobody sees. */
    status: text('status', { enum: ['draft', ...broadcastStatuses] }).notNull(),
    reason: text('reason').$type<BroadcastReason>(),
    detail: text('detail'),
    rate: real('rate'),
    window: text('window'),
    canaryShare: text('canary_share'),
    canarySize: integer('canary_size'),
    canaryTo: integer('canary_to'),
    canaryState: text('canary_state', { enum: ['running', 'waiting', 'passed'] }),
    canaryAt: integer('canary_at'),
    maxFailures: real('max_failures').notNull(),
    selected: integer('selected').notNull(),
    isFilled: integer('is_filled', { mode: 'boolean' }).notNull(),
    filled: integer('filled').notNull(),
    fillCursor: integer('fill_cursor').notNull(),
    fillUntil: integer('fill_until').notNull(),
    cursor: integer('cursor').notNull(),
    handedOut: integer('handed_out').notNull(),
    cap: integer('cap'),
    dailyLimit: integer('daily_limit'),
    nextAt: real('next_at').notNull(),
    perSecond: real('per_second').notNull(),
    createdAt: integer('created_at').notNull(),
    startAt: integer('start_at'),
    expiresAt: integer('expires_at'),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
  },
  (t) => [
    uniqueIndex('broadcasts_id').on(t.id),
    index('broadcasts_account').on(t.appid, t.no),
    index('broadcasts_open').on(t.appid, t.no).where(sql`${t.status} in ('scheduled', 'running', 'paused')`),
    index('broadcasts_finished').on(t.finishedAt).where(sql`${t.finishedAt} is not null`),
  ],
)

/** One row per recipient, in the order of sending: for followers `seq` is their row number, for a file the line. Without rowid. */
export const broadcastRecipients = sqliteTable(
  'broadcast_recipients',
  {
    broadcast: integer('broadcast').notNull(),
    seq: integer('seq').notNull(),
    openid: text('openid'),
    unionid: text('unionid'),
    isByUnionid: integer('is_by_unionid', { mode: 'boolean' }).notNull(),
    columns: text('columns'),
    /** Null = it waits. */
    status: text('status', { enum: finalStatuses }),
    reason: text('reason').$type<PushReason>(),
    detail: text('detail'),
    msgid: text('msgid'),
    errcode: integer('errcode'),
    errmsg: text('errmsg'),
    rid: text('rid'),
    attempts: integer('attempts').notNull(),
    generation: integer('generation').notNull(),
    sentAt: integer('sent_at'),
    finishedAt: integer('finished_at'),
  },
  (t) => [
    primaryKey({ columns: [t.broadcast, t.seq] }),
    index('broadcast_recipients_msgid').on(t.msgid).where(sql`${t.msgid} is not null`),
    /** Those that may be sent to again. */
    index('broadcast_recipients_failed').on(t.broadcast, t.reason, t.seq).where(sql`${t.reason} is not null`),
  ],
)

/** Whom the lines of a file name: the same person is there once, by openid or unionid. Without rowid. */
export const broadcastKeys = sqliteTable(
  'broadcast_keys',
  {
    broadcast: integer('broadcast').notNull(),
    key: text('key').notNull(),
    seq: integer('seq').notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.key] })],
)

/** Recipients handed to a process; those of one that is gone are handed to another when the time is over. */
export const broadcastChunks = sqliteTable(
  'broadcast_chunks',
  {
    broadcast: integer('broadcast').notNull(),
    from: integer('from_seq').notNull(),
    to: integer('to_seq').notNull(),
    size: integer('size').notNull(),
    /** Null: given back by a process that had not sent to any of those who wait. */
    since: integer('since'),
    dueAt: integer('due_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.from] })],
)

/** The few recipients that are tried again later. */
export const broadcastRetries = sqliteTable(
  'broadcast_retries',
  {
    broadcast: integer('broadcast').notNull(),
    seq: integer('seq').notNull(),
    dueAt: integer('due_at').notNull(),
    attempts: integer('attempts').notNull(),
    unknownSince: integer('unknown_since'),
    starts: integer('starts').notNull(),
    errcode: integer('errcode'),
    detail: text('detail'),
  },
  (t) => [
    primaryKey({ columns: [t.broadcast, t.seq] }),
    index('broadcast_retries_due').on(t.broadcast, t.dueAt),
  ],
)

/** Kept by triggers on `broadcast_recipients`, so that nobody counts ten million of them. */
export const broadcastCounts = sqliteTable(
  'broadcast_counts',
  {
    broadcast: integer('broadcast').notNull(),
    status: text('status', { enum: finalStatuses }).notNull(),
    /** Empty = none. */
    reason: text('reason').$type<PushReason | ''>().notNull(),
    isCanary: integer('is_canary', { mode: 'boolean' }).notNull(),
    total: integer('total').notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.status, t.reason, t.isCanary] })],
)

/** How recipients ended, and when, kept by triggers on `broadcast_recipients`: what people ask of a day, nobody counts anew. */
export const broadcastOutcomes = sqliteTable(
  'broadcast_outcomes',
  {
    broadcast: integer('broadcast').notNull(),
    /** Since the epoch. */
    minute: integer('minute').notNull(),
    status: text('status', { enum: finalStatuses }).notNull(),
    /** Empty = none. */
    reason: text('reason').$type<PushReason | ''>().notNull(),
    total: integer('total').notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.minute, t.status, t.reason] })],
)

/** The last 200 outcomes of sends and of receipts, kept by the same triggers. */
export const broadcastRecents = sqliteTable('broadcast_recents', {
  broadcast: integer('broadcast').primaryKey(),
  sends: text('sends').notNull(),
  receipts: text('receipts').notNull(),
})

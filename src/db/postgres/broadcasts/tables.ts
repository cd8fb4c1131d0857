import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import { finalStatuses, type PushReason } from '../../../push/status.ts'
import { type Audience, type BroadcastReason, broadcastStatuses } from '../../broadcasts/row.ts'
import { number } from '../engine/columns.ts'

export const broadcasts = pgTable(
  'broadcasts',
  {
    no: bigint('no', number).primaryKey().generatedByDefaultAsIdentity(),
    id: text('id').notNull(),
    appid: text('appid').notNull(),
    name: text('name'),
    templateId: text('template_id').notNull(),
    message: text('message').notNull(),
    audience: jsonb('audience').$type<Audience>().notNull(),
    /** `draft` while its recipients are written, which nobody sees. */
    status: text('status', { enum: ['draft', ...broadcastStatuses] }).notNull(),
    reason: text('reason').$type<BroadcastReason>(),
    detail: text('detail'),
    rate: doublePrecision('rate'),
    window: text('window'),
    canaryShare: text('canary_share'),
    canarySize: bigint('canary_size', number),
    canaryTo: bigint('canary_to', number),
    canaryState: text('canary_state', { enum: ['running', 'waiting', 'passed'] }),
    canaryAt: bigint('canary_at', number),
    maxFailures: doublePrecision('max_failures').notNull(),
    selected: bigint('selected', number).notNull(),
    isFilled: boolean('is_filled').notNull(),
    filled: bigint('filled', number).notNull(),
    fillCursor: bigint('fill_cursor', number).notNull(),
    fillUntil: bigint('fill_until', number).notNull(),
    cursor: bigint('cursor', number).notNull(),
    handedOut: bigint('handed_out', number).notNull(),
    cap: bigint('cap', number),
    dailyLimit: bigint('daily_limit', number),
    nextAt: doublePrecision('next_at').notNull(),
    perSecond: doublePrecision('per_second').notNull(),
    createdAt: bigint('created_at', number).notNull(),
    startAt: bigint('start_at', number),
    expiresAt: bigint('expires_at', number),
    startedAt: bigint('started_at', number),
    finishedAt: bigint('finished_at', number),
  },
  (t) => [
    uniqueIndex('broadcasts_id').on(t.id),
    index('broadcasts_account').on(t.appid, t.no),
    index('broadcasts_open').on(t.appid, t.no).where(sql`${t.status} in ('scheduled', 'running', 'paused')`),
    index('broadcasts_finished').on(t.finishedAt).where(sql`${t.finishedAt} is not null`),
  ],
)

/** One row per recipient, in the order of sending: for followers `seq` is their row number, for a file the line. */
export const broadcastRecipients = pgTable(
  'broadcast_recipients',
  {
    broadcast: bigint('broadcast', number).notNull(),
    seq: bigint('seq', number).notNull(),
    openid: text('openid'),
    unionid: text('unionid'),
    isByUnionid: boolean('is_by_unionid').notNull(),
    columns: text('columns'),
    /** Null = it waits. */
    status: text('status', { enum: finalStatuses }),
    reason: text('reason').$type<PushReason>(),
    detail: text('detail'),
    msgid: text('msgid'),
    errcode: bigint('errcode', number),
    errmsg: text('errmsg'),
    rid: text('rid'),
    attempts: integer('attempts').notNull(),
    generation: integer('generation').notNull(),
    sentAt: bigint('sent_at', number),
    finishedAt: bigint('finished_at', number),
  },
  (t) => [
    primaryKey({ columns: [t.broadcast, t.seq] }),
    index('broadcast_recipients_msgid').on(t.msgid).where(sql`${t.msgid} is not null`),
    /** Those that may be sent to again. */
    index('broadcast_recipients_failed').on(t.broadcast, t.reason, t.seq).where(sql`${t.reason} is not null`),
  ],
)

/** Whom the lines of a file name: the same person is there once, by openid or unionid. */
export const broadcastKeys = pgTable(
  'broadcast_keys',
  {
    broadcast: bigint('broadcast', number).notNull(),
    key: text('key').notNull(),
    seq: bigint('seq', number).notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.key] })],
)

/** Recipients handed to a process; those of one that is gone are handed to another when the time is over. */
export const broadcastChunks = pgTable(
  'broadcast_chunks',
  {
    broadcast: bigint('broadcast', number).notNull(),
    from: bigint('from_seq', number).notNull(),
    to: bigint('to_seq', number).notNull(),
    size: integer('size').notNull(),
    /** Null: given back by a process that had not sent to any of those who wait. */
    since: bigint('since', number),
    dueAt: bigint('due_at', number).notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.from] })],
)

/** The few recipients that are tried again later. */
export const broadcastRetries = pgTable(
  'broadcast_retries',
  {
    broadcast: bigint('broadcast', number).notNull(),
    seq: bigint('seq', number).notNull(),
    dueAt: bigint('due_at', number).notNull(),
    attempts: integer('attempts').notNull(),
    unknownSince: bigint('unknown_since', number),
    starts: integer('starts').notNull(),
    errcode: bigint('errcode', number),
    detail: text('detail'),
  },
  (t) => [
    primaryKey({ columns: [t.broadcast, t.seq] }),
    index('broadcast_retries_due').on(t.broadcast, t.dueAt),
  ],
)

/** Kept by triggers on `broadcast_recipients`, so that nobody counts ten million of them. */
export const broadcastCounts = pgTable(
  'broadcast_counts',
  {
    broadcast: bigint('broadcast', number).notNull(),
    status: text('status', { enum: finalStatuses }).notNull(),
    /** Empty = none. */
    reason: text('reason').$type<PushReason | ''>().notNull(),
    isCanary: boolean('is_canary').notNull(),
    total: bigint('total', number).notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.status, t.reason, t.isCanary] })],
)

/** How recipients ended, and when, kept by triggers on `broadcast_recipients`: what people ask of a day, nobody counts anew. */
export const broadcastOutcomes = pgTable(
  'broadcast_outcomes',
  {
    broadcast: bigint('broadcast', number).notNull(),
    /** Since the epoch. */
    minute: integer('minute').notNull(),
    status: text('status', { enum: finalStatuses }).notNull(),
    /** Empty = none. */
    reason: text('reason').$type<PushReason | ''>().notNull(),
    total: bigint('total', number).notNull(),
  },
  (t) => [primaryKey({ columns: [t.broadcast, t.minute, t.status, t.reason] })],
)

/** The last 200 outcomes of sends and of receipts, kept by the same triggers. */
export const broadcastRecents = pgTable('broadcast_recents', {
  broadcast: bigint('broadcast', number).primaryKey(),
  sends: text('sends').notNull(),
  receipts: text('receipts').notNull(),
})

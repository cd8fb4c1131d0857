import { bigint, doublePrecision, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import type { PauseReason } from '../../../push/status.ts'
import { number } from '../engine/columns.ts'

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

/** What is known of a template besides its text, also when WeChat lists it no more. */
export const templateStates = pgTable(
  'template_states',
  {
    appid: text('appid').notNull(),
    templateId: text('template_id').notNull(),
    goneAt: bigint('gone_at', number),
    pausedReason: text('paused_reason').$type<PauseReason>(),
    pausedDetail: text('paused_detail'),
    pausedSince: bigint('paused_since', number),
    probeAt: bigint('probe_at', number),
    probes: integer('probes').notNull(),
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

import { integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { PauseReason } from '../../../push/status.ts'

export const accessTokens = sqliteTable('access_tokens', {
  appid: text('appid').primaryKey(),
  token: text('token').notNull(),
  obtainedAt: integer('obtained_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
})

export const templates = sqliteTable(
  'templates',
  {
    appid: text('appid').notNull(),
    templateId: text('template_id').notNull(),
    title: text('title').notNull(),
    content: text('content').notNull(),
    example: text('example').notNull(),
    primaryIndustry: text('primary_industry').notNull(),
    deputyIndustry: text('deputy_industry').notNull(),
    fetchedAt: integer('fetched_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.appid, t.templateId] })],
)

/** What is known of a template besides its text, also when WeChat lists it no more. */
export const templateStates = sqliteTable(
  'template_states',
  {
    appid: text('appid').notNull(),
    templateId: text('template_id').notNull(),
    /** When WeChat first left it out of its list; null = it never did. */
    goneAt: integer('gone_at'),
    /** null = its pushes go out. */
    pausedReason: text('paused_reason').$type<PauseReason>(),
    pausedDetail: text('paused_detail'),
    pausedSince: integer('paused_since'),
    probeAt: integer('probe_at'),
    /** Fruitless probes since the pause began. */
    probes: integer('probes').notNull(),
  },
  (t) => [primaryKey({ columns: [t.appid, t.templateId] })],
)

export const accountState = sqliteTable('account_state', {
  appid: text('appid').primaryKey(),
  /** null = running. */
  pausedReason: text('paused_reason').$type<PauseReason>(),
  pausedDetail: text('paused_detail'),
  pausedSince: integer('paused_since'),
  probeAt: integer('probe_at'),
  /** Fruitless probes since the pause began. */
  probes: integer('probes').notNull(),
  /** Sends per second the pacing allows; null = unlimited. */
  rate: real('rate'),
  /** Sends per second that WeChat refused; null = not known. */
  refusedRate: real('refused_rate'),
  /** When sending was last slowed down. */
  refusedAt: integer('refused_at'),
})

/** What a worker process waits for, while it does; a process that was killed leaves its row behind until it runs out. */
export const openCircuits = sqliteTable(
  'open_circuits',
  {
    appid: text('appid').notNull(),
    /** The worker process. */
    owner: text('owner').notNull(),
    need: text('need', { enum: ['queue', 'database', 'wechat'] }).notNull(),
    detail: text('detail').notNull(),
    since: integer('since').notNull(),
    /** Not to be believed after. */
    until: integer('until').notNull(),
  },
  (t) => [primaryKey({ columns: [t.appid, t.owner, t.need] })],
)

import { sql } from 'drizzle-orm'
import { bigint, index, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { number } from '../engine/columns.ts'

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

/** What WeChat has told of messages that its review kept from their users. */
export const interceptedMessages = pgTable(
  'intercepted_messages',
  {
    appid: text('appid').notNull(),
    templateId: text('template_id').notNull(),
    /** WeChat's number, which grows. */
    messageId: bigint('message_id', number).notNull(),
    /** null = no push by itself is known to be it. */
    pushId: text('push_id'),
    toldAt: bigint('told_at', number).notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.appid, t.templateId, t.messageId] }),
    index('intercepted_messages_told').on(t.appid, t.toldAt),
  ],
)

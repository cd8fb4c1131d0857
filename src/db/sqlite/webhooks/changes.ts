import { toRanges, type WebhookChange, type Webhooks } from '../../webhooks/webhooks.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'
import { createRepeat } from './repeat.ts'

const tellSql = 'insert into webhook_changes (type, appid, data, at) select ?, ?, ?, ? from webhook_endpoint'

/** What is to be told and was not tried yet. */
export function createWebhookChanges({
  read,
  write,
  writeSoon,
}: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>): Pick<
  Webhooks,
  'tell' | 'findChanges' | 'dropChanges' | 'repeat'
> {
  const client = read.$client
  const changes = client.prepare<[number, number], WebhookChange>(
    `select n, type, appid, key, data, created_at as createdAt, sent_at as sentAt, finished_at as finishedAt, at
from webhook_changes where n > ? order by n limit ?`,
  )

  return {
    async tell({ type, appid, data, at }) {
      await write([{ sql: tellSql, params: [type, appid, data, at] }])
    },
    async findChanges(after, limit) {
      return changes.all(after, limit)
    },
    async dropChanges(gone) {
      await writeSoon([toDrop(gone)])
    },
    ...createRepeat({ read, write }),
  }
}

export function toDrop(gone: readonly Pick<WebhookChange, 'n'>[]): Statement {
  return { sql: 'delete from webhook_changes where n between ? and ?', rows: toRanges(gone) }
}

import { finalStatuses } from '../../../push/status.ts'
import { toRanges, type WebhookChange, type Webhooks } from '../../webhooks/webhooks.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'
import { repeatSql, sliceSql } from './repeat.ts'

/** Records told again in one transaction, so that those who send need not wait long for theirs. */
const repeatedAtOnce = 1_000

/** What is to be told and was not tried yet. */
export function createWebhookChanges({
  read,
  write,
  writeSoon,
}: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>): Pick<
  Webhooks,
  'findChanges' | 'dropChanges' | 'repeat'
> {
  const client = read.$client
  const changes = client.prepare<[number, number], WebhookChange>(
    `select n, type, appid, key, data, created_at as createdAt, sent_at as sentAt, finished_at as finishedAt, at
from webhook_changes where n > ? order by n limit ?`,
  )
  const slice = client.prepare<[string, string, number, number], { finishedAt: number }>(sliceSql)

  return {
    async findChanges(after, limit) {
      return changes.all(after, limit)
    },
    async dropChanges(gone) {
      await writeSoon([toDrop(gone)])
    },
    async repeat(appid, since) {
      let repeated = 0
      for (const status of finalStatuses) {
        for (let from = since; ; ) {
          const until = slice.get(appid, status, from, repeatedAtOnce - 1)?.finishedAt
          const params = [appid, status, from, until ?? Number.MAX_SAFE_INTEGER]
          repeated += await countChanged(write, [{ sql: repeatSql, params }])
          if (until === undefined) break
          from = until + 1
        }
      }
      return repeated
    },
  }
}

export function toDrop(gone: readonly Pick<WebhookChange, 'n'>[]): Statement {
  return { sql: 'delete from webhook_changes where n between ? and ?', rows: toRanges(gone) }
}

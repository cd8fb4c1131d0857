import { type Intercepted, toPushId } from '../../intercepted/intercepted.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'

/** Of a message that was told before nothing is said again. */
const isNew = `status in ('sent', 'undelivered') and not exists
(select 1 from intercepted_messages where appid = ? and template_id = ? and message_id = ?)`
const explainSql = `update pushes set seq = seq + 1, detail = ?
where appid = ? and id = ? and generation = ? and ${isNew}`
const explainRecipientSql = `update broadcast_recipients set detail = ?
where broadcast = ? and seq = ? and generation = ? and ${isNew}`
const addSql = `insert into intercepted_messages (appid, template_id, message_id, push_id, told_at) values (?, ?, ?, ?, ?)
on conflict do nothing`
const purgeSql = `delete from intercepted_messages where rowid in (select old.rowid from intercepted_messages old
where old.appid = ? and old.told_at < ? and exists (select 1 from intercepted_messages newer
where newer.appid = old.appid and newer.template_id = old.template_id and newer.message_id > old.message_id) limit ?)`

export function createIntercepted(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Intercepted {
  const last = read.$client.prepare<[string, string], { id: number | null }>(
    'select max(message_id) as id from intercepted_messages where appid = ? and template_id = ?',
  )
  return {
    async findLast(templateId) {
      return last.get(appid, templateId)?.id ?? 0
    },
    async record(templateId, interceptions, at) {
      const explained: unknown[][] = []
      const recipients: unknown[][] = []
      for (const { id, push } of interceptions) {
        if (push === null) continue
        const { detail, generation, recipient } = push
        const told = [generation, appid, templateId, id]
        if (recipient) recipients.push([detail, recipient.broadcast, recipient.seq, ...told])
        else explained.push([detail, appid, push.id, ...told])
      }
      const added = interceptions.map((one) => [appid, templateId, one.id, toPushId(one), at])
      await write([
        { sql: explainSql, rows: explained },
        { sql: explainRecipientSql, rows: recipients },
        { sql: addSql, rows: added },
      ])
    },
    purge: (before, limit) => countChanged(write, [{ sql: purgeSql, params: [appid, before, limit] }]),
  }
}

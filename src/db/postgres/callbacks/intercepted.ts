import { type Intercepted, toPushId } from '../../intercepted/intercepted.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows } from '../engine/statement.ts'

const input =
  'json_to_recordset($1::json) as input(id bigint, "pushId" text, broadcast bigint, seq bigint, generation integer, detail text)'
const lastSql = 'select max(message_id) as id from intercepted_messages where appid = $1 and template_id = $2'
/** Of a message that was told before nothing is said again. */
const isNew = `p.generation = input.generation and p.status in ('sent', 'undelivered')
  and not exists (select 1 from intercepted_messages m
    where m.appid = $2 and m.template_id = $3 and m.message_id = input.id)`
const explainSql = `update pushes p set seq = p.seq + 1, detail = input.detail from ${input}
where p.appid = $2 and p.id = input."pushId" and ${isNew}`
const explainRecipientSql = `update broadcast_recipients p set detail = input.detail from ${input}
where p.broadcast = input.broadcast and p.seq = input.seq and ${isNew}`
const addSql = `insert into intercepted_messages (appid, template_id, message_id, push_id, told_at)
select $2, $3, input.id, input."pushId", $4::bigint from ${input} on conflict do nothing`
const purgeSql = `delete from intercepted_messages where ctid = any(array(select old.ctid from intercepted_messages old
where old.appid = $1 and old.told_at < $2 and exists (select 1 from intercepted_messages newer
  where newer.appid = old.appid and newer.template_id = old.template_id and newer.message_id > old.message_id)
limit $3))`

export function createIntercepted(
  { query, write, clock: { toServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Intercepted {
  return {
    async findLast(templateId) {
      const [row] = await query<{ id: number | null }>(lastSql, [appid, templateId])
      return row?.id ?? 0
    },
    async record(templateId, interceptions, at) {
      const rows = interceptions.map((one) => ({
        id: one.id,
        pushId: toPushId(one),
        broadcast: one.push?.recipient?.broadcast ?? null,
        seq: one.push?.recipient?.seq ?? null,
        generation: one.push?.generation ?? null,
        detail: one.push?.detail ?? null,
      }))
      await write([
        forRows(
          explainSql,
          rows.filter(({ pushId }) => pushId !== null),
          appid,
          templateId,
        ),
        forRows(
          explainRecipientSql,
          rows.filter(({ broadcast }) => broadcast !== null),
          appid,
          templateId,
        ),
        forRows(addSql, rows, appid, templateId, toServer(at)),
      ])
    },
    async purge(before, limit) {
      const [result] = await write([{ sql: purgeSql, params: [appid, toServer(before), limit] }])
      return result?.changes ?? 0
    },
  }
}

import type { CallbackEvents, EventFacts, EventProgress, StoredEvent } from '../../callbackEvents.ts'
import { clockTolerance } from '../../clock.ts'
import { purgeLimit } from '../../purge.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset, type Statement, selectList } from '../engine/statement.ts'
import { callbackEvents } from './tables.ts'

const insertSql = `insert into callback_events (appid, kind, openid, at, msgid, status, app, received_at, due_at, tries)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8, 0) on conflict do nothing`
const columns = selectList(callbackEvents, [
  'id',
  'kind',
  'openid',
  'at',
  'msgid',
  'status',
  'app',
  'receivedAt',
  'tries',
])
const dueSql = (isWanted: string) => `select ${columns} from callback_events
where appid = $1 and due_at <= $2 and ${isWanted} order by due_at, id limit $3`
const newSql = dueSql('tries = 0')
const appliedSql = dueSql('tries > 0')
const updateSql = `update callback_events set tries = input.tries, due_at = input."dueAt"
from ${recordset(callbackEvents, '$1', { keys: ['id', 'tries', 'dueAt'] })} where callback_events.id = input.id`
const hurrySql = 'update callback_events set due_at = $2 where appid = $1 and due_at > $3'
/** By row numbers, which the events of an account follow in the order of their arrival. */
const oldestSql = `select id, received_at as "receivedAt" from callback_events
where appid || '' = $1 and id >= $2 order by id limit 1`
const removeSql = `delete from callback_events
where id >= $2 and id < $3 and appid || '' = $1 and due_at is null and received_at < $4`

/** When something is due is told by the clock of the server: who works on it need not be who stored it. */
export function createCallbackEvents(
  { query, write, clock: { toServer, fromServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): CallbackEvents {
  return {
    async record({ kind, openid, at, msgid, status, app }: EventFacts, now) {
      const params = [appid, kind, openid, at, msgid, status, app, toServer(now)]
      const [result] = await write([{ sql: insertSql, params }])
      return result?.changes === 1
    },
    findNew: (now, limit) => findDue(newSql, now, limit),
    findApplied: (now, limit) => findDue(appliedSql, now, limit),
    toUpdate(progress: readonly EventProgress[]): Statement {
      const rows = progress.map(({ id, tries, dueAt }) => ({ id, tries, dueAt: toServer(dueAt) }))
      return forRows(updateSql, rows)
    },
    async hurry(now) {
      const time = toServer(now)
      await write([{ sql: hurrySql, params: [appid, time, time + clockTolerance] }])
    },
    async purge(before) {
      let purged = 0
      for (let from = 0; ; ) {
        const [oldest] = await query<{ id: number; receivedAt: number }>(oldestSql, [appid, from])
        if (!oldest || oldest.receivedAt >= toServer(before)) return purged
        from = oldest.id + purgeLimit
        const params = [appid, oldest.id, from, toServer(before)]
        const [result] = await write([{ sql: removeSql, params }])
        purged += result?.changes ?? 0
      }
    },
  }

  async function findDue(sql: string, now: number, limit: number): Promise<StoredEvent[]> {
    const rows = await query<StoredEvent>(sql, [appid, toServer(now), limit])
    return rows.map((row) => ({ ...row, receivedAt: fromServer(row.receivedAt) }))
  }
}

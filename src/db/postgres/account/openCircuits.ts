import type { OpenCircuit, OpenCircuits } from '../../openCircuits.ts'
import { serverTime } from '../engine/clockOffset.ts'
import type { PostgresDatabase } from '../engine/open.ts'

/** Of workers that were killed. */
const removeStaleSql = `delete from open_circuits where appid = $1 and until <= ${serverTime}`
const recordSql = `insert into open_circuits (appid, owner, need, detail, since, until) values ($1, $2, $3, $4, $5, $6)
on conflict (appid, owner, need) do update set detail = excluded.detail, since = excluded.since, until = excluded.until`
const removeSql = 'delete from open_circuits where appid = $1 and owner = $2 and need = $3'
const oldestSql = `select need, detail, since, until from open_circuits
where appid = $1 and until > $2 order by since limit 1`

/** What keeps the worker processes of one account from sending just now, by the clock of the server. */
export function createOpenCircuits(
  { query, write, clock: { toServer, fromServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): OpenCircuits {
  return {
    async record(owner, { need, detail, since, until }) {
      const params = [appid, owner, need, detail, toServer(since), toServer(until)]
      await write([
        { sql: removeStaleSql, params: [appid] },
        { sql: recordSql, params },
      ])
    },
    async remove(owner, need) {
      await write([{ sql: removeSql, params: [appid, owner, need] }])
    },
    async findOldest(now) {
      const [row] = await query<OpenCircuit>(oldestSql, [appid, toServer(now)])
      return row && { ...row, since: fromServer(row.since), until: fromServer(row.until) }
    },
  }
}

import { day } from '../../../base/duration.ts'
import type { Lease, Leases } from '../../leases/leases.ts'
import { serverTime } from '../engine/clockOffset.ts'
import type { PostgresDatabase } from '../engine/open.ts'

const acquireSql = `insert into leases (name, owner, until) values ($1, $2, ${serverTime} + $3::bigint)
on conflict (name) do update set owner = excluded.owner, until = excluded.until
where leases.owner = excluded.owner or leases.until <= ${serverTime}
  or leases.until > 2 * excluded.until - ${serverTime}`
const renewSql = `update leases set until = ${serverTime} + $3::bigint where name = $1 and owner = $2`
const releaseSql = 'delete from leases where name = $1 and owner = $2'
const purgeSql = `delete from leases where until <= ${serverTime} or until > ${serverTime} + ${day}`
const findSql = 'select name, owner, until from leases where name = $1'

/** Leases over all processes, by the clock of the server, whatever theirs show. */
export function createLeases({
  query,
  write,
  clock: { fromServer },
}: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>): Leases {
  async function change(sql: string, params: unknown[]): Promise<number> {
    const [result] = await write([{ sql, params }])
    return result?.changes ?? 0
  }
  return {
    acquire: async (name, owner, ttlMs) => (await change(acquireSql, [name, owner, ttlMs])) === 1,
    renew: async (name, owner, ttlMs) => (await change(renewSql, [name, owner, ttlMs])) === 1,
    async release(name, owner) {
      await change(releaseSql, [name, owner])
    },
    purge: () => change(purgeSql, []),
    async find(name) {
      const [row] = await query<Lease>(findSql, [name])
      return row && { ...row, until: fromServer(row.until) }
    },
  }
}

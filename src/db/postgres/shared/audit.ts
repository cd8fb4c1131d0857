import type { Audit, AuditEntry } from '../../audit/audit.ts'
import type { PostgresDatabase } from '../engine/open.ts'

const pageSize = 500
const addSql = `insert into audit (at, key_name, role, action, account, target, detail)
values ($1, $2, $3, $4, $5, $6, $7) returning id`
const changeSql = 'update audit set account = $2, target = $3, detail = $4 where id = $1'
const removeSql = 'delete from audit where id = $1'
const pageSql = `select id, at, key_name as "keyName", role, action, account, target, detail from audit
where at >= $1 and (at, id) < ($2, $3) order by at desc, id desc limit ${pageSize}`
const purgeSql = `delete from audit where id in (
  select id from audit where at < $1 limit $2 for update skip locked)`

export function createAudit({
  query,
  write,
  writeSoon,
}: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon'>): Audit {
  return {
    async add({ at, keyName, role, action, account, target, detail }) {
      const params = [at, keyName, role, action, account, target, detail]
      const [result] = await write([{ sql: addSql, params }])
      return Number(Reflect.get(Object(result?.rows[0]), 'id'))
    },
    async change(id, { account, target, detail }) {
      await writeSoon([{ sql: changeSql, params: [id, account, target, detail] }])
    },
    async remove(id) {
      await writeSoon([{ sql: removeSql, params: [id] }])
    },
    async *list(since) {
      let last = { at: Number.MAX_SAFE_INTEGER, id: 0 }
      for (;;) {
        const rows = await query<AuditEntry & { id: number }>(pageSql, [since, last.at, last.id])
        for (const { id: _, ...entry } of rows) yield entry
        const end = rows.at(-1)
        if (rows.length < pageSize || !end) return
        last = end
      }
    },
    async purge(before, limit) {
      const [result] = await write([{ sql: purgeSql, params: [before, limit] }])
      return result?.changes ?? 0
    },
  }
}

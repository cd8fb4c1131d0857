import { setImmediate as nextTurn } from 'node:timers/promises'
import { and, desc, eq, gte, sql } from 'drizzle-orm'
import type { Audit, AuditEntry, AuditOutcome } from '../../audit/audit.ts'
import { countChanged } from '../engine/change.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { auditEntries } from './tables.ts'

const pageSize = 500

export function createAudit({
  read,
  write,
  writeSoon,
}: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>): Audit {
  const placed = placedAs('at', 'keyName', 'role', 'action', 'account', 'target', 'detail', 'limit')
  const { limit, ...values } = placed
  const add = compileWrite<AuditEntry>(
    read.insert(auditEntries).values(values).returning({ id: auditEntries.id }),
  )
  const isOne = eq(auditEntries.id, sql.placeholder('id'))
  const { account, target, detail } = placed
  const change = compileWrite<AuditOutcome & { id: number }>(
    read.update(auditEntries).set({ account, target, detail }).where(isOne),
  )
  const remove = compileWrite<{ id: number }>(read.delete(auditEntries).where(isOne))
  const page = prepareLater(
    read
      .select()
      .from(auditEntries)
      .where(
        and(
          gte(auditEntries.at, sql.placeholder('since')),
          sql`(${auditEntries.at}, ${auditEntries.id}) < (${sql.placeholder('at')}, ${sql.placeholder('id')})`,
        ),
      )
      .orderBy(desc(auditEntries.at), desc(auditEntries.id))
      .limit(pageSize),
  )
  const purge = compileWrite<{ at: number; limit: number }>(
    read
      .delete(auditEntries)
      .where(
        sql`${auditEntries}.rowid in (select rowid from ${auditEntries} where ${auditEntries.at} < ${placed.at} limit ${limit})`,
      ),
  )
  return {
    async add(entry) {
      const [result] = await write([add.once(entry)])
      return Number(Reflect.get(Object(result?.rows?.[0]), 'id'))
    },
    async change(id, outcome) {
      await writeSoon([change.once({ ...outcome, id })])
    },
    async remove(id) {
      await writeSoon([remove.once({ id })])
    },
    async *list(since) {
      let last = { at: Number.MAX_SAFE_INTEGER, id: 0 }
      for (;;) {
        const rows = page.all({ since, ...last })
        for (const { id: _, ...entry } of rows) yield entry
        const end = rows.at(-1)
        if (rows.length < pageSize || !end) return
        last = end
        // Whoever looks for a few of them may go through all.
        await nextTurn()
      }
    },
    purge: (before, limit) => countChanged(write, [purge.once({ at: before, limit })]),
  }
}

import { and, eq, gt, lte, sql } from 'drizzle-orm'
import type { OpenCircuit, OpenCircuits } from '../../openCircuits.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { openCircuits } from './tables.ts'

/** What keeps the worker processes of one account from sending just now. */
export function createOpenCircuits(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): OpenCircuits {
  const { owner, need, detail, since, until } = openCircuits
  const isAccount = eq(openCircuits.appid, appid)
  const placeholder = (name: string) => sql`${sql.placeholder(name)}`
  const current = prepareLater(
    read
      .select({ need, detail, since, until })
      .from(openCircuits)
      .where(and(isAccount, gt(until, sql.placeholder('now')))),
  )
  const record = compileWrite<OpenCircuit & { owner: string }>(
    read
      .insert(openCircuits)
      .values({
        appid,
        ...placedAs('owner', 'need', 'detail', 'since', 'until'),
      })
      .onConflictDoUpdate({
        target: [openCircuits.appid, owner, need],
        set: asInserted(openCircuits, 'detail', 'since', 'until'),
      }),
  )
  const remove = compileWrite<{ owner: string; need: string }>(
    read
      .delete(openCircuits)
      .where(and(isAccount, eq(owner, placeholder('owner')), eq(need, placeholder('need')))),
  )
  /** Of workers that were killed. */
  const removeStale = compileWrite<{ now: number }>(
    read.delete(openCircuits).where(and(isAccount, lte(until, placeholder('now')))),
  )
  return {
    async record(owner, circuit) {
      await write([removeStale.once({ now: Date.now() }), record.once({ owner, ...circuit })])
    },
    async remove(owner, need) {
      await write([remove.once({ owner, need })])
    },
    async findOldest(now) {
      return current.all({ now }).sort((a, b) => a.since - b.since)[0]
    },
  }
}

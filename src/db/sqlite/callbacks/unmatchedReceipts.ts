import { and, asc, count, eq, lte, sql } from 'drizzle-orm'
import type { Receipt, Receipts, UnmatchedReceipt } from '../../receipts.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater, type Statement } from '../engine/statement.ts'
import { unmatchedReceipts as unmatched } from './tables.ts'

/** Receipts that fit no push yet. */
export function createUnmatchedReceipts(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): Pick<Receipts, 'toKeep' | 'findUnmatched' | 'toPostpone' | 'toDrop' | 'countUnmatched'> {
  const placed = sql.placeholder
  const keep = compileWrite<Receipt & { dueAt: number }>(
    read.insert(unmatched).values({
      appid,
      ...placedAs('openid', 'msgid', 'status', 'at', 'receivedAt', 'dueAt'),
    }),
  )
  const isOurs = eq(unmatched.appid, appid)
  const selectDue = prepareLater(
    read
      .select()
      .from(unmatched)
      .where(and(isOurs, lte(unmatched.dueAt, placed('now'))))
      .orderBy(asc(unmatched.dueAt))
      .limit(placed('limit')),
  )
  const postpone = compileWrite<{ id: number; dueAt: number }>(
    read
      .update(unmatched)
      .set({ dueAt: sql`${placed('dueAt')}` })
      .where(eq(unmatched.id, placed('id'))),
  )
  const drop = compileWrite<{ id: number }>(read.delete(unmatched).where(eq(unmatched.id, placed('id'))))
  const selectCount = prepareLater(read.select({ total: count() }).from(unmatched).where(isOurs))

  return {
    toKeep(receipts: readonly (Receipt & { dueAt: number })[]): Statement {
      return keep.each(receipts)
    },

    async findUnmatched(now: number, limit: number): Promise<UnmatchedReceipt[]> {
      return selectDue.all({ now, limit })
    },

    toPostpone(receipts: readonly { id: number; dueAt: number }[]): Statement {
      return postpone.each(receipts)
    },

    toDrop(receipts: readonly { id: number }[]): Statement {
      return drop.each(receipts)
    },

    async countUnmatched(): Promise<number> {
      return selectCount.get()?.total ?? 0
    },
  }
}

import { setImmediate } from 'node:timers/promises'
import { and, asc, count, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import { type FinalStatus, finalStatuses, pushReasons } from '../../../push/status.ts'
import type { PushOutcome, PushRows } from '../../pushes.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { pushes } from './tables.ts'

/** Bucket by bucket, each read from the index alone: grouping them would sort all of their rows. */
export function createPushOutcomes(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): Pick<PushRows, 'countOutcomes' | 'findFinished'> {
  const finished = finalStatuses.map((status) => prepareFinished(read, appid, status))
  const totals = finalStatuses.map((status) => [status, prepareTotals(read, appid, status)] as const)
  return {
    async findFinished(from, limit) {
      return finished.flatMap((query) => query.all({ from, limit }))
    },
    async countOutcomes({ since, until, bucket, offset }) {
      const outcomes: PushOutcome[] = []
      for (let at = Math.floor((since + offset) / bucket) * bucket - offset; at < until; at += bucket) {
        const range = { from: Math.max(at, since), to: Math.min(at + bucket, until) }
        for (const [status, query] of totals) {
          const { total = 0, ...reasons } = query.get(range) ?? {}
          if (total > 0) outcomes.push({ at, status, total, reasons: toKnown(reasons) })
        }
        // So many statements in a row would keep everybody else waiting.
        await setImmediate()
      }
      return outcomes
    },
  }
}

function prepareTotals(read: SqliteDatabase['read'], appid: string, status: FinalStatus) {
  const placed = placedAs('from', 'to', 'finishedAt')
  const reasons: Record<string, SQL<number>> = Object.fromEntries(
    pushReasons[status].map((reason) => [
      reason,
      sql<number>`sum(${pushes.reason} is ${sql.raw(`'${reason}'`)})`.mapWith(Number),
    ]),
  )
  return read
    .select({ ...reasons, total: count() })
    .from(pushes)
    .where(
      and(
        eq(pushes.appid, appid),
        eq(pushes.status, sql.raw(`'${status}'`)),
        gte(pushes.finishedAt, placed.from),
        lt(pushes.finishedAt, placed.to),
      ),
    )
    .prepare()
}

function prepareFinished(read: SqliteDatabase['read'], appid: string, status: FinalStatus) {
  const placed = placedAs('from')
  return read
    .select()
    .from(pushes)
    .where(
      and(
        eq(pushes.appid, appid),
        eq(pushes.status, sql.raw(`'${status}'`)),
        gte(pushes.finishedAt, placed.from),
      ),
    )
    .orderBy(asc(pushes.finishedAt))
    .limit(sql.placeholder('limit'))
    .prepare()
}

function toKnown(reasons: Record<string, number | null>): Record<string, number> {
  return Object.fromEntries(Object.entries(reasons).flatMap(([reason, n]) => (n ? [[reason, n]] : [])))
}

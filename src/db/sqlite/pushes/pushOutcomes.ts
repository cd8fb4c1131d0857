import { setImmediate } from 'node:timers/promises'
import { and, asc, count, eq, getTableColumns, gte, lt, type SQL, sql } from 'drizzle-orm'
import { minute } from '../../../base/duration.ts'
import { type FinalStatus, finalStatuses, pushReasons } from '../../../push/status.ts'
import type { PushOutcome, PushRows } from '../../pushes.ts'
import { interceptedMessages } from '../callbacks/tables.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater } from '../engine/statement.ts'
import { pushes } from './tables.ts'

/** Recipients of broadcasts, by the minute. */
export const broadcastsSql = `select o.status, o.reason, sum(o.total) as total
from broadcasts b cross join broadcast_outcomes o on o.broadcast = b.no and o.minute >= ? and o.minute < ?
where b.appid = ? group by o.status, o.reason having sum(o.total) > 0`

/** Bucket by bucket, each read from the index alone: grouping them would sort all of their rows. */
export function createPushOutcomes(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): Pick<PushRows, 'countOutcomes' | 'findFinished'> {
  const finished = finalStatuses.map((status) => prepareFinished(read, appid, status))
  const explained = prepareExplained(read, appid)
  const ofBroadcasts = read.$client.prepare<[number, number, string], BroadcastTotal>(broadcastsSql)
  const totals = finalStatuses.map((status) => [status, prepareTotals(read, appid, status)] as const)
  return {
    async findFinished(from, limit) {
      return [...finished, explained].flatMap((query) => query.all({ from, limit }))
    },
    async countOutcomes({ since, until, bucket, offset }) {
      const outcomes: PushOutcome[] = []
      for (let at = Math.floor((since + offset) / bucket) * bucket - offset; at < until; at += bucket) {
        const range = { from: Math.max(at, since), to: Math.min(at + bucket, until) }
        for (const [status, query] of totals) {
          const { total = 0, ...reasons } = query.get(range) ?? {}
          if (total > 0) outcomes.push({ at, status, total, reasons: toKnown(reasons) })
        }
        const minutes = [Math.floor(range.from / minute), Math.ceil(range.to / minute)] as const
        outcomes.push(...ofBroadcasts.all(...minutes, appid).map((row) => toOutcome(at, row)))
        // So many statements in a row would keep everybody else waiting.
        await setImmediate()
      }
      return outcomes
    },
  }
}

export interface BroadcastTotal {
  status: FinalStatus
  /** Empty = none. */
  reason: string
  total: number
}

function toOutcome(at: number, { status, reason, total }: BroadcastTotal): PushOutcome {
  return { at, status, total, reasons: reason === '' ? {} : { [reason]: total } }
}

function prepareTotals(read: SqliteDatabase['read'], appid: string, status: FinalStatus) {
  const placed = placedAs('from', 'to', 'finishedAt')
  const reasons: Record<string, SQL<number>> = Object.fromEntries(
    pushReasons[status].map((reason) => [
      reason,
      sql<number>`sum(${pushes.reason} is ${sql.raw(`'${reason}'`)})`.mapWith(Number),
    ]),
  )
  return prepareLater(
    read
      .select({ ...reasons, total: count() })
      .from(pushes)
      .where(
        and(
          eq(pushes.appid, appid),
          eq(pushes.status, sql.raw(`'${status}'`)),
          gte(pushes.finishedAt, placed.from),
          lt(pushes.finishedAt, placed.to),
        ),
      ),
  )
}

function prepareFinished(read: SqliteDatabase['read'], appid: string, status: FinalStatus) {
  const placed = placedAs('from')
  return prepareLater(
    read
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
      .limit(sql.placeholder('limit')),
  )
}

/** Those that had ended before, and of which WeChat has told since then why they were not delivered. */
function prepareExplained(read: SqliteDatabase['read'], appid: string) {
  const placed = placedAs('from')
  return prepareLater(
    read
      .select(getTableColumns(pushes))
      .from(interceptedMessages)
      .innerJoin(pushes, and(eq(pushes.appid, appid), eq(pushes.id, interceptedMessages.pushId)))
      .where(
        and(
          eq(interceptedMessages.appid, appid),
          gte(interceptedMessages.toldAt, placed.from),
          sql`+${pushes.finishedAt} < ${placed.from}`,
        ),
      )
      .orderBy(asc(interceptedMessages.toldAt))
      .limit(sql.placeholder('limit')),
  )
}

function toKnown(reasons: Record<string, number | null>): Record<string, number> {
  return Object.fromEntries(Object.entries(reasons).flatMap(([reason, n]) => (n ? [[reason, n]] : [])))
}

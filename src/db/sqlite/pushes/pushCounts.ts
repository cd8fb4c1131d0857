import { and, count, eq, gte, isNull, ne, or, type SQL, sql } from 'drizzle-orm'
import { minute } from '../../../base/duration.ts'
import { acceptedStatuses, finalStatuses } from '../../../push/status.ts'
import type { PushRows } from '../../pushes.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater } from '../engine/statement.ts'
import { type BroadcastTotal, broadcastsSql } from './pushOutcomes.ts'
import { pushes } from './tables.ts'

/** Receipts tell the time in whole seconds, of a clock that is not ours. */
const clockSlack = 5_000

/** How many pushes ended, and were sent, since a moment. */
export function createPushCounts(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): Pick<PushRows, 'countFinished' | 'countSent' | 'countToUser'> {
  const placed = placedAs('status', 'from', 'finishedFrom')
  const isStatus = and(eq(pushes.appid, appid), eq(pushes.status, placed.status))
  const total = (...since: SQL[]) =>
    prepareLater(
      read
        .select({ total: count() })
        .from(pushes)
        .where(and(isStatus, ...since)),
    )
  const ofBroadcasts = read.$client.prepare<[number, number, string], BroadcastTotal>(broadcastsSql)
  const finished = total(gte(pushes.finishedAt, placed.from))
  const sent = total(gte(pushes.finishedAt, placed.finishedFrom), gte(pushes.sentAt, placed.from))
  const user = placedAs('openid', 'unionid', 'templateId', 'since', 'except')
  const toUser = (isTheirs: SQL | undefined) =>
    prepareLater(
      read
        .select({ total: count() })
        .from(pushes)
        .where(
          and(
            isTheirs,
            // Nobody has as many pushes as an account has: the plus keeps SQLite from its index.
            sql`+${pushes.appid} = ${appid}`,
            sql`(${user.templateId} is null or ${pushes.templateId} = ${user.templateId})`,
            or(gte(pushes.sentAt, user.since), eq(pushes.status, 'sending')),
            ne(pushes.id, user.except),
          ),
        ),
    )
  const byUnionid = toUser(eq(pushes.unionid, user.unionid))
  const byOpenid = toUser(and(eq(pushes.openid, user.openid), isNull(pushes.unionid)))
  return {
    async countToUser({ openid, unionid, templateId = null }, since, except) {
      const values = { openid, unionid, templateId, since, except }
      const [named, nameless] = [unionid === null ? undefined : byUnionid.get(values), byOpenid.get(values)]
      return (named?.total ?? 0) + (nameless?.total ?? 0)
    },
    async countFinished(from) {
      const counts = { sent: 0, delivered: 0, undelivered: 0, rejected: 0, skipped: 0, unknown: 0 }
      for (const status of finalStatuses) counts[status] = finished.get({ status, from })?.total ?? 0
      const recipients = ofBroadcasts.all(Math.floor(from / minute), Number.MAX_SAFE_INTEGER, appid)
      for (const { status, total } of recipients) counts[status] += total
      return counts
    },
    async countSent(from) {
      const finishedFrom = from - clockSlack
      let all = 0
      for (const status of acceptedStatuses) all += sent.get({ status, from, finishedFrom })?.total ?? 0
      return all
    },
  }
}

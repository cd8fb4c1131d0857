import { and, count, desc, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import { failedStatuses, type PushStatus } from '../../../push/status.ts'
import type { PushFilter, PushPlace, PushRow, PushRows } from '../../pushes.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { isOfAccount, isUnderWay } from './conditions.ts'
import { pushes } from './tables.ts'

/** Of pushes that are few among all, so that their status finds them sooner than their template. */
const rareStatuses = new Set<PushStatus>(['queued', 'skipped', ...failedStatuses])

const pageSize = 500

/** Pushes newest first, one page in memory at a time. */
export function createPushHistory(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): Pick<PushRows, 'history' | 'countPushes'> {
  return {
    async *history(filter = {}) {
      let left = filter.limit ?? Number.POSITIVE_INFINITY
      let last: PushRow | undefined
      do {
        const page: PushRow[] = await read
          .select()
          .from(pushes)
          .where(and(...toConditions(appid, { ...filter, ...(last && { after: toPlace(last) }) })))
          .orderBy(desc(pushes.createdAt), desc(pushes.id))
          .limit(Math.min(left, pageSize))
        yield* page
        left -= page.length
        last = page.length === pageSize ? page.at(-1) : undefined
      } while (last !== undefined && left > 0)
    },
    async countPushes(filter) {
      const isPush = sql`${pushes.reason} is not 'invalid_job'`
      const [row] = await read
        .select({ total: count() })
        .from(pushes)
        .where(and(...toConditions(appid, filter), isPush))
      return row?.total ?? 0
    },
  }
}

/** Conditions behind a plus do not lead SQLite to an index: of several only the one that finds the fewest rows shall. */
function toConditions(
  appid: string,
  { unionid, openid, msgid, status, templateId, reason, since, until, after }: PushFilter,
): (SQL | undefined)[] {
  const isByUser = unionid !== undefined || openid !== undefined
  const isByOne = isByUser || msgid !== undefined
  const isByReason = !isByOne && reason !== undefined
  const isByStatus =
    !isByOne && !isByReason && status !== undefined && (templateId === undefined || rareStatuses.has(status))
  const isByTemplate = !isByOne && !isByReason && templateId !== undefined && !isByStatus
  return [
    isByOne || isByReason || isByStatus || isByTemplate ? isOfAccount(appid) : eq(pushes.appid, appid),
    msgid === undefined ? undefined : eq(pushes.msgid, msgid),
    unionid === undefined
      ? undefined
      : sql`${msgid === undefined ? sql`` : sql`+`}${eq(pushes.unionid, unionid)}`,
    openid === undefined ? undefined : isTo(openid, unionid === undefined && msgid === undefined),
    isByStatus ? isInStatus(status) : status === undefined ? undefined : sql`+${eq(pushes.status, status)}`,
    templateId === undefined
      ? undefined
      : sql`${isByTemplate ? sql`` : sql`+`}${eq(pushes.templateId, templateId)}`,
    reason === undefined ? undefined : sql`${isByReason ? sql`` : sql`+`}${eq(pushes.reason, reason)}`,
    since === undefined ? undefined : gte(pushes.createdAt, since),
    until === undefined ? undefined : lt(pushes.createdAt, until),
    after && isBehind(after),
  ]
}

/** By the index of those that have no unionid, unless something else finds fewer. */
function isTo(openid: string, isByOpenid: boolean): SQL {
  return isByOpenid
    ? sql`${pushes.openid} = ${openid} and ${pushes.unionid} is null`
    : sql`+${pushes.openid} = ${openid}`
}

function isBehind({ createdAt, id, isIncluded }: PushPlace): SQL {
  const than = sql`(${createdAt}, ${id})`
  return isIncluded
    ? sql`(${pushes.createdAt}, ${pushes.id}) <= ${than}`
    : sql`(${pushes.createdAt}, ${pushes.id}) < ${than}`
}

function toPlace({ createdAt, id }: PushRow): PushPlace {
  return { createdAt, id, isIncluded: false }
}

/** As in the indexes: what is only under way is found among the few that are. */
function isInStatus(status: PushStatus): SQL {
  const is = sql`${pushes.status} = ${status}`
  return status === 'sending'
    ? sql`+${is} and ${isUnderWay}`
    : sql`${is} and (${pushes.finishedAt} is not null or ${pushes.reason} is not null)`
}

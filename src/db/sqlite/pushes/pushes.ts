import {
  and,
  asc,
  count,
  desc,
  eq,
  getTableColumns,
  gte,
  inArray,
  isNull,
  lt,
  type SQL,
  sql,
} from 'drizzle-orm'
import { acceptedStatuses, failedStatuses, finalStatuses, type PushStatus } from '../../../push/status.ts'
import { type Acceptance, cancelled, type PushFilter, type PushRow, type PushRows } from '../../pushes.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, type Statement, type StatementResult } from '../engine/statement.ts'
import { pushes } from './tables.ts'

/** For conditions that find few rows by another index: the plus keeps SQLite from going through all of the account. */
export function isOfAccount(appid: string): SQL {
  return sql`+${pushes.appid} = ${appid}`
}

/** Receipts tell the time in whole seconds, of a clock that is not ours. */
const clockSlack = 5_000

/** Of pushes that are few among all, so that their status finds them sooner than their template. */
const rareStatuses = new Set<PushStatus>(['queued', 'skipped', ...failedStatuses])

const pageSize = 500

const columns = Object.entries(getTableColumns(pushes))
const keys = columns.map(([key]) => key)
const isOpen = sql`${pushes.status} in ('queued', 'sending')`

const insertSql = `insert into pushes (${columns.map(([, { name }]) => name).join(', ')})
values (${columns.map(() => '?').join(', ')}) on conflict (appid, id) do`
const addSql = `${insertSql} nothing`
/** The row that is there gives way unless it has come to an end or is a newer message. */
const recordSql = `${insertSql} update set ${columns.map(([, { name }]) => `${name} = excluded.${name}`).join(', ')}
where generation < excluded.generation
  or (generation = excluded.generation and status in ('queued', 'sending'))`

interface SqlitePushRows extends PushRows {
  toRecord(row: PushRow): Statement
}

/** The pushes of one account. */
export function createPushes(
  { read, write, writeSoon }: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): SqlitePushRows {
  const placed = (name: string) => sql`${sql.placeholder(name)}`
  const isOurs = eq(pushes.appid, appid)
  const isPush = and(eq(pushes.id, placed('id')), isOurs)
  const find = read.select().from(pushes).where(isPush).prepare()
  const isMessage = and(isPush, eq(pushes.generation, placed('generation')))
  const recordSent = compileWrite<Acceptance>(
    read
      .update(pushes)
      .set({
        status: 'sent',
        reason: null,
        detail: null,
        msgid: placed('msgid'),
        errcode: null,
        errmsg: null,
        rid: null,
        attempts: placed('attempts'),
        unknownSince: null,
        sentAt: placed('sentAt'),
        finishedAt: placed('sentAt'),
      })
      .where(and(isMessage, isOpen)),
  )
  const recordResent = compileWrite<Pick<PushRow, 'id' | 'generation' | 'jobId'>>(
    read
      .update(pushes)
      .set({
        status: 'queued',
        reason: 'retry',
        detail: null,
        msgid: null,
        errcode: null,
        errmsg: null,
        rid: null,
        attempts: 0,
        generation: sql`${pushes.generation} + 1`,
        jobId: placed('jobId'),
        unknownSince: null,
        heldFor: null,
        heldAt: null,
        place: null,
        sentAt: null,
        finishedAt: null,
      })
      .where(isMessage),
  )
  const cancel = compileWrite<{ id: string; at: number }>(
    read
      .update(pushes)
      .set({ ...cancelled, finishedAt: placed('at') })
      .where(and(isPush, eq(pushes.status, 'queued'), isNull(pushes.unknownSince))),
  )
  const hasStatus = and(isOurs, eq(pushes.status, placed('status')))
  const countFinished = read
    .select({ total: count() })
    .from(pushes)
    .where(and(hasStatus, gte(pushes.finishedAt, placed('from'))))
    .prepare()
  const countSent = read
    .select({ total: count() })
    .from(pushes)
    .where(and(hasStatus, gte(pushes.finishedAt, placed('finishedFrom')), gte(pushes.sentAt, placed('from'))))
    .prepare()
  const purge = compileWrite<{ before: number; limit: number }>(
    read.delete(pushes).where(
      sql`${pushes}.rowid in (select rowid from ${pushes}
        where ${and(isOurs, inArray(pushes.status, finalStatuses), lt(pushes.finishedAt, placed('before')))} limit ${placed('limit')})`,
    ),
  )

  return {
    async find(id) {
      return find.get({ id })
    },
    add: (row) => save(addSql, row),
    record: (row) => save(recordSql, row),
    toRecord: (row) => toInsert(recordSql, row),
    recordSent: (acceptance) => writeSoon([recordSent.once(acceptance)]).then(isWritten),
    cancel: (id, at) => write([cancel.once({ id, at })]).then(isWritten),
    async findOpen(before, last, limit) {
      // As in its index.
      return read
        .select()
        .from(pushes)
        .where(
          and(
            isOfAccount(appid),
            sql`${pushes.finishedAt} is null and ${pushes.reason} is not 'hold'`,
            lt(pushes.createdAt, before),
            last && sql`(${pushes.createdAt}, ${pushes.id}) > (${last.createdAt}, ${last.id})`,
          ),
        )
        .orderBy(asc(pushes.createdAt), asc(pushes.id))
        .limit(limit)
    },
    async recordResent(rows) {
      await write([recordResent.each(rows)])
    },
    async *history(filter = {}) {
      let left = filter.limit ?? Number.POSITIVE_INFINITY
      let last: PushRow | undefined
      do {
        const page = await selectPage(filter, last, Math.min(left, pageSize))
        yield* page
        left -= page.length
        last = page.length === pageSize ? page.at(-1) : undefined
      } while (last !== undefined && left > 0)
    },
    async countFinished(from) {
      const counts = { sent: 0, delivered: 0, undelivered: 0, rejected: 0, skipped: 0, unknown: 0 }
      for (const status of finalStatuses) counts[status] = countFinished.get({ status, from })?.total ?? 0
      return counts
    },
    async countSent(from) {
      const finishedFrom = from - clockSlack
      const totals = acceptedStatuses.map((status) => countSent.get({ status, from, finishedFrom })?.total)
      return totals.reduce<number>((sum, total = 0) => sum + total, 0)
    },
    async purge(before, limit) {
      const [result] = await write([purge.once({ before, limit })])
      return result?.changes ?? 0
    },
  }

  function save(sql: string, row: PushRow): Promise<boolean> {
    return writeSoon([toInsert(sql, row)]).then(isWritten)
  }

  async function selectPage(
    filter: PushFilter,
    last: PushRow | undefined,
    limit: number,
  ): Promise<PushRow[]> {
    const { unionid, status, templateId, reason, since, until } = filter
    // Conditions behind a plus do not lead SQLite to an index: of several only the one that finds the fewest rows shall.
    const isByStatus =
      unionid === undefined && status !== undefined && (templateId === undefined || rareStatuses.has(status))
    const isByTemplate = unionid === undefined && templateId !== undefined && !isByStatus
    const conditions: (SQL | undefined)[] = [
      unionid !== undefined || isByStatus || isByTemplate ? isOfAccount(appid) : isOurs,
      unionid === undefined ? undefined : eq(pushes.unionid, unionid),
      isByStatus ? isInStatus(status) : status === undefined ? undefined : sql`+${eq(pushes.status, status)}`,
      templateId === undefined
        ? undefined
        : sql`${isByTemplate ? sql`` : sql`+`}${eq(pushes.templateId, templateId)}`,
      reason === undefined ? undefined : eq(pushes.reason, reason),
      since === undefined ? undefined : gte(pushes.createdAt, since),
      until === undefined ? undefined : lt(pushes.createdAt, until),
      last && sql`(${pushes.createdAt}, ${pushes.id}) < (${last.createdAt}, ${last.id})`,
    ]
    return read
      .select()
      .from(pushes)
      .where(and(...conditions))
      .orderBy(desc(pushes.createdAt), desc(pushes.id))
      .limit(limit)
  }
}

/** As in the indexes: what is only under way is found among the few that are. */
function isInStatus(status: PushStatus): SQL {
  const is = sql`${pushes.status} = ${status}`
  return status === 'sending'
    ? sql`+${is} and ${pushes.finishedAt} is null and ${pushes.reason} is not 'hold'`
    : sql`${is} and (${pushes.finishedAt} is not null or ${pushes.reason} is not null)`
}

function isWritten([result]: StatementResult[]): boolean {
  return result?.changes === 1
}

function toInsert(sql: string, row: PushRow): Statement {
  return { sql, params: keys.map((key) => Reflect.get(row, key)) }
}

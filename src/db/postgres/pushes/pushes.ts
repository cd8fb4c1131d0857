import { getTableColumns } from 'drizzle-orm'
import { acceptedStatuses, type FinalStatus, finalStatuses } from '../../../push/status.ts'
import { type Acceptance, cancelled, type PushRow, type PushRows } from '../../pushes.ts'
import { createAnalysis } from '../engine/analysis.ts'
import { batchCalls } from '../engine/batchCalls.ts'
import { isOwnFault } from '../engine/errors.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { columnNames, forRows, recordset, type Statement, selectList } from '../engine/statement.ts'
import { createPushHistory } from './pushHistory.ts'
import { createPushOutcomes } from './pushOutcomes.ts'
import { createPushTimes } from './pushTimes.ts'
import { pushes } from './tables.ts'

/** Receipts tell the time in whole seconds, of a clock that is not ours. */
const clockSlack = 5_000
/** Calls of one turn of the event loop that travel together. */
const batch = { size: 500, isOwnFault }

/** A row that is new begins with the default. */
const keys = Object.keys(getTableColumns(pushes)).filter((key) => key !== 'seq')
const columns = columnNames(pushes, keys)
const pushColumns = selectList(pushes)

const insertSql = `insert into pushes (${columns.join(', ')})
select ${keys.map((key) => `input."${key}"`).join(', ')} from ${recordset(pushes, '$1', { keys })}
on conflict (appid, id) do`
const addSql = `${insertSql} nothing returning id`
/** The row that is there gives way unless it has come to an end or is a newer message. */
const openRecordSql = `${insertSql} update set seq = pushes.seq + 1, ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}
where pushes.generation < excluded.generation
  or (pushes.generation = excluded.generation and pushes.status in ('queued', 'sending')`
const recordSql = `${openRecordSql}) returning id`
const recordUnchangedSql = `${openRecordSql} and pushes.seq = $2) returning id`
const acceptance = recordset(pushes, '$1', { keys: ['id', 'generation', 'msgid', 'attempts', 'sentAt'] })
const recordSentSql = `update pushes set seq = pushes.seq + 1, status = 'sent', reason = null, detail = null, msgid = input.msgid,
  errcode = null, errmsg = null, rid = null, attempts = input.attempts, unknown_since = null,
  sent_at = input."sentAt", finished_at = input."sentAt"
from ${acceptance}
where pushes.appid = $2 and pushes.id = input.id and pushes.generation = input.generation
  and pushes.status in ('queued', 'sending')
returning pushes.id`
const recordResentSql = `update pushes set seq = pushes.seq + 1, status = 'queued', reason = 'retry', detail = null, msgid = null,
  errcode = null, errmsg = null, rid = null, attempts = 0, generation = pushes.generation + 1,
  job_id = input."jobId", unknown_since = null, held_for = null, held_at = null, place = null,
  sent_at = null, finished_at = null
from ${recordset(pushes, '$1', { keys: ['id', 'generation', 'jobId'] })}
where pushes.appid = $2 and pushes.id = input.id and pushes.generation = input.generation`
const cancelSql = `update pushes set seq = seq + 1, status = $3, reason = $4, detail = $5, finished_at = $6
where appid = $1 and id = $2 and status = 'queued' and unknown_since is null`
const findSql = `select ${pushColumns} from pushes where appid = $1 and id = any($2)`
const findOpenSql = (isAfter: string) => `select ${pushColumns} from pushes
where appid = $1 and finished_at is null and reason is distinct from 'hold' and created_at < $2 ${isAfter}
order by created_at, id limit $3`
/** Recipients of broadcasts among them, by the minute. */
const countFinishedSql = `select status, sum(total) as total from (
  select status, count(*) as total from pushes
  where appid = $1 and status = any($2) and finished_at is not null and finished_at >= $3 group by status
  union all
  select o.status, sum(o.total) from broadcasts b cross join lateral (
    select status, total from broadcast_outcomes where broadcast = b.no and minute >= $3::bigint / 60000 offset 0) o
  where b.appid = $1 group by o.status
) as ended group by status`
const countSentSql = `select count(*) as total from pushes
where appid = $1 and status = any($2) and finished_at is not null and finished_at >= $3 and sent_at >= $4`
/** Two indexes, one for those whose unionid is known. */
const countToUserSql = `select count(*) as total from pushes
where (unionid = $3 or (openid = $2 and unionid is null)) and appid = $1 and ($4::text is null or template_id = $4)
  and (sent_at >= $5 or status = 'sending') and id <> $6`
/** Status by status, so that a plan for any values goes by the index too. */
const purgeSql = `delete from pushes where (appid, id) in (
  select ended.appid, ended.id from unnest($2::text[]) as final(status) cross join lateral (
    select appid, id from pushes
    where appid = $1 and pushes.status = final.status and finished_at is not null and finished_at < $3
    limit $4 for update skip locked
  ) as ended limit $4)`

export interface PostgresPushRows extends PushRows {
  toRecord(row: PushRow): Statement
}

/** The pushes of one account; steps of many that are written in one turn of the event loop are one statement. */
export function createPushes(
  { query, write, writeSoon, clock }: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon' | 'clock'>,
  appid: string,
): PostgresPushRows {
  const times = createPushTimes(clock)
  const analysis = createAnalysis('pushes')
  const toKey = ({ id }: { id: string }) => id
  const find = batchCalls(findAll, { ...batch, concurrency: 2 })
  const add = batchCalls((rows: PushRow[]) => save(addSql, rows.map(times.toStored), []), {
    ...batch,
    concurrency: 1,
    toKey,
  })
  const record = batchCalls((rows: PushRow[]) => save(recordSql, rows.map(times.toStored), []), {
    ...batch,
    concurrency: 1,
    toKey,
  })
  const recordSent = batchCalls(
    (sent: Acceptance[]) =>
      save(
        recordSentSql,
        sent.map((one) => ({ ...one, sentAt: clock.toServer(one.sentAt) })),
        [appid],
      ),
    { ...batch, concurrency: 1, toKey },
  )

  return {
    find: find.call,
    add: add.call,
    record: record.call,
    recordUnchanged: async (row) =>
      (await save(recordUnchangedSql, [times.toStored(row)], [row.seq]))[0] === true,
    toRecord: (row) => forRows(recordSql, [times.toStored(row)]),
    recordSent: recordSent.call,
    async cancel(id, at) {
      const { status, reason, detail } = cancelled
      const params = [appid, id, status, reason, detail, clock.toServer(at)]
      const [result] = await write([{ sql: cancelSql, params }])
      return result?.changes === 1
    },
    async findOpen(before, last, limit) {
      const params = [appid, clock.toServer(before), limit]
      const rows = last
        ? await query<PushRow>(findOpenSql('and (created_at, id) > ($4, $5)'), [
            ...params,
            last.createdAt,
            last.id,
          ])
        : await query<PushRow>(findOpenSql(''), params)
      return rows.map(times.fromStored)
    },
    async recordResent(rows) {
      const wanted = rows.map(({ id, generation, jobId }) => ({ id, generation, jobId }))
      await write([forRows(recordResentSql, wanted, appid)])
    },
    async countToUser({ openid, unionid, templateId = null }, since, except) {
      const params = [appid, openid, unionid, templateId, clock.toServer(since), except]
      const [row] = await query<{ total: number }>(countToUserSql, params)
      return row?.total ?? 0
    },
    ...createPushHistory({ query, clock }, appid),
    ...createPushOutcomes({ query, clock }, appid),
    async countFinished(from) {
      const counts = { sent: 0, delivered: 0, undelivered: 0, rejected: 0, skipped: 0, unknown: 0 }
      const params = [appid, finalStatuses, clock.toServer(from)]
      for (const { status, total } of await query<{ status: FinalStatus; total: number }>(
        countFinishedSql,
        params,
      ))
        counts[status] = total
      return counts
    },
    async countSent(from) {
      const start = clock.toServer(from)
      const params = [appid, acceptedStatuses, start - clockSlack, start]
      const [row] = await query<{ total: number }>(countSentSql, params)
      return row?.total ?? 0
    },
    async purge(before, limit) {
      const params = [appid, finalStatuses, clock.toServer(before), limit]
      const [result] = await write([{ sql: purgeSql, params }])
      return result?.changes ?? 0
    },
  }

  async function findAll(ids: string[]): Promise<(PushRow | undefined)[]> {
    const rows = await query<PushRow>(findSql, [appid, ids])
    const found = new Map(rows.map((row) => [row.id, times.fromStored(row)]))
    return ids.map((id) => found.get(id))
  }

  /** Whether each of them was written. */
  async function save(sql: string, rows: { id: string }[], more: unknown[]): Promise<boolean[]> {
    const [result] = await writeSoon([forRows(sql, rows, ...more), ...analysis(rows.length)])
    const written = new Set(result?.rows.map((row) => Reflect.get(row, 'id')))
    return rows.map(({ id }) => written.has(id))
  }
}

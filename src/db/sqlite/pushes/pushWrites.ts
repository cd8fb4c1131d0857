import { and, eq, getTableColumns, inArray, isNull, lt, sql } from 'drizzle-orm'
import { finalStatuses } from '../../../push/status.ts'
import { type Acceptance, cancelled, type PushRow, type PushRows } from '../../pushes.ts'
import { countChanged, isChanged } from '../engine/change.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, type Statement } from '../engine/statement.ts'
import { pushes } from './tables.ts'

/** A row that is new begins with the default. */
const columns = Object.entries(getTableColumns(pushes)).filter(([key]) => key !== 'seq')
const keys = columns.map(([key]) => key)

const insertSql = `insert into pushes (${columns.map(([, { name }]) => name).join(', ')})
values (${columns.map(() => '?').join(', ')}) on conflict (appid, id) do`
const addSql = `${insertSql} nothing`
/** The row that is there gives way unless it has come to an end or is a newer message. */
const openRecordSql = `${insertSql} update set seq = seq + 1, ${columns.map(([, { name }]) => `${name} = excluded.${name}`).join(', ')}
where generation < excluded.generation
  or (generation = excluded.generation and status in ('queued', 'sending')`
const recordSql = `${openRecordSql})`
const recordUnchangedSql = `${openRecordSql} and seq = ?)`

/** Part of every change. */
export const nextSeq = { seq: sql`${pushes.seq} + 1` }
/** Nothing that a try has left in the row. */
const untold = { detail: null, errcode: null, errmsg: null, rid: null, unknownSince: null }
/** What makes a push that has ended a new message. */
const resent = {
  ...nextSeq,
  ...untold,
  status: 'queued',
  reason: 'retry',
  msgid: null,
  attempts: 0,
  generation: sql`${pushes.generation} + 1`,
  heldFor: null,
  heldAt: null,
  place: null,
  sentAt: null,
  finishedAt: null,
} as const

type PushWrites = Pick<
  PushRows,
  'add' | 'record' | 'recordUnchanged' | 'recordSent' | 'recordResent' | 'cancel' | 'purge'
> & {
  toRecord(row: PushRow): Statement
}

/** What changes the rows of pushes. */
export function createPushWrites(
  { read, write, writeSoon }: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): PushWrites {
  const placed = placedAs('id', 'generation', 'msgid', 'attempts', 'sentAt', 'jobId', 'at', 'before', 'limit')
  const isOurs = eq(pushes.appid, appid)
  const isPush = and(eq(pushes.id, placed.id), isOurs)
  const isMessage = and(isPush, eq(pushes.generation, placed.generation))
  const { msgid, attempts, sentAt, jobId } = placed
  const accepted = {
    ...nextSeq,
    ...untold,
    status: 'sent',
    reason: null,
    msgid,
    attempts,
    sentAt,
    finishedAt: sentAt,
  } as const
  const recordSent = compileWrite<Acceptance>(
    read
      .update(pushes)
      .set(accepted)
      .where(and(isMessage, sql`${pushes.status} in ('queued', 'sending')`)),
  )
  const recordResent = compileWrite<Pick<PushRow, 'id' | 'generation' | 'jobId'>>(
    read
      .update(pushes)
      .set({ ...resent, jobId })
      .where(isMessage),
  )
  const cancel = compileWrite<{ id: string; at: number }>(
    read
      .update(pushes)
      .set({ ...nextSeq, ...cancelled, finishedAt: placed.at })
      .where(and(isPush, eq(pushes.status, 'queued'), isNull(pushes.unknownSince))),
  )
  const isOld = and(isOurs, inArray(pushes.status, finalStatuses), lt(pushes.finishedAt, placed.before))
  const purge = compileWrite<{ before: number; limit: number }>(
    read
      .delete(pushes)
      .where(sql`${pushes}.rowid in (select rowid from ${pushes} where ${isOld} limit ${placed.limit})`),
  )
  return {
    add: (row) => isChanged(writeSoon, [toInsert(addSql, row)]),
    record: (row) => isChanged(writeSoon, [toInsert(recordSql, row)]),
    recordUnchanged: (row) => isChanged(writeSoon, [toInsert(recordUnchangedSql, row, row.seq)]),
    toRecord: (row) => toInsert(recordSql, row),
    recordSent: (acceptance) => isChanged(writeSoon, [recordSent.once(acceptance)]),
    async recordResent(rows) {
      await write([recordResent.each(rows)])
    },
    cancel: (id, at) => isChanged(write, [cancel.once({ id, at })]),
    purge: (before, limit) => countChanged(write, [purge.once({ before, limit })]),
  }
}

function toInsert(sql: string, row: PushRow, ...more: unknown[]): Statement {
  return { sql, params: [...keys.map((key) => Reflect.get(row, key)), ...more] }
}

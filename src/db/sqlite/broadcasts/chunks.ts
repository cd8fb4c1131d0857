import { say } from '../../../base/sentences/sentence.ts'
import { toStored } from '../../../base/sentences/stored.ts'
import type { HandedOutStore } from '../../broadcasts/broadcasts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { waits } from './claims.ts'

const isOver = `(b.status = 'cancelled' or b.status = 'finished' and b.reason = 'expired')`
const ambiguous = `status = 'unknown', reason = 'ambiguous', finished_at = ?,
detail = '${toStored(say('outcome.process_ended'))}'`

/** What becomes of recipients that a process has. */
export function createBroadcastChunks(
  { read, writeSoon }: Pick<SqliteDatabase, 'read' | 'writeSoon'>,
  appid: string,
): HandedOutStore {
  const { selectMore, selectChunks, selectRetries, selectHasChunk, selectLeftChunks, selectLeftRetries } =
    prepareChunks(read.$client)

  return {
    async renew(no, chunks, until) {
      await writeSoon([
        {
          sql: 'update broadcast_chunks set due_at = ? where broadcast = ? and from_seq = ?',
          rows: chunks.map(({ from }) => [until, no, from]),
        },
      ])
    },
    async renewRetries(no, retries, until) {
      await writeSoon([
        {
          sql: 'update broadcast_retries set due_at = ? where broadcast = ? and seq = ? and starts = ?',
          rows: retries.map(({ seq, starts }) => [until, no, seq, starts]),
        },
      ])
    },
    async finishChunk(no, { from }) {
      await writeSoon([
        { sql: 'delete from broadcast_chunks where broadcast = ? and from_seq = ?', params: [no, from] },
      ])
    },
    async giveBack(no, { from, since, isTakenOver }, now) {
      await writeSoon([
        {
          sql: 'update broadcast_chunks set due_at = ?, since = ? where broadcast = ? and from_seq = ?',
          params: [now, isTakenOver ? since : null, no, from],
        },
      ])
    },
    async settleLeft(now) {
      const chunks = selectLeftChunks.all(appid, now)
      const retries = selectLeftRetries.all(appid, now)
      if (chunks.length === 0 && retries.length === 0) return
      await writeSoon([
        {
          sql: `update broadcast_recipients as r set ${ambiguous} where broadcast = ? and seq between ? and ? and ${waits}`,
          rows: chunks.filter(({ since }) => since !== null).map(({ no, from, to }) => [now, no, from, to]),
        },
        {
          sql: 'delete from broadcast_chunks where broadcast = ? and from_seq = ?',
          rows: chunks.map(({ no, from }) => [no, from]),
        },
        {
          sql: `update broadcast_recipients set ${ambiguous} where broadcast = ? and seq = ? and status is null`,
          rows: retries.filter(({ since }) => since !== null).map(({ no, seq }) => [now, no, seq]),
        },
        {
          sql: 'delete from broadcast_retries where broadcast = ? and seq = ?',
          rows: retries.map(({ no, seq }) => [no, seq]),
        },
      ])
    },
    async recordRetry(no, { seq, dueAt, attempts, unknownSince, starts, errcode, detail }) {
      await writeSoon([
        {
          sql: `insert into broadcast_retries (broadcast, seq, due_at, attempts, unknown_since, starts, errcode, detail)
values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set due_at = excluded.due_at, attempts = excluded.attempts,
unknown_since = excluded.unknown_since, starts = excluded.starts, errcode = excluded.errcode, detail = excluded.detail`,
          params: [no, seq, dueAt, attempts, unknownSince, starts, errcode, detail],
        },
      ])
    },
    async hasMore({ no, cursor, isFilled }) {
      return !isFilled || selectMore.get(no, cursor) !== undefined
    },
    async openWork(no) {
      const { total = 0, next = null } = selectRetries.get(no) ?? {}
      const inFlight = selectHasChunk.get(no) ? (selectChunks.get(no)?.inFlight ?? 0) : 0
      return { hasChunks: selectHasChunk.get(no) !== undefined, inFlight, retries: total, nextRetryAt: next }
    },
  }
}

function prepareChunks(client: SqliteDatabase['read']['$client']) {
  const selectMore = client.prepare<[number, number], unknown>(
    'select 1 from broadcast_recipients where broadcast = ? and seq > ? limit 1',
  )
  const selectChunks = client.prepare<[number], { inFlight: number }>(
    `select coalesce(sum((select count(*) from broadcast_recipients r
where r.broadcast = c.broadcast and r.seq between c.from_seq and c.to_seq and ${waits})), 0) as inFlight
from broadcast_chunks c where c.broadcast = ? and c.since is not null`,
  )
  const selectRetries = client.prepare<[number], { total: number; next: number | null }>(
    'select count(*) as total, min(due_at) as next from broadcast_retries where broadcast = ?',
  )
  const selectHasChunk = client.prepare<[number], unknown>(
    'select 1 from broadcast_chunks where broadcast = ? limit 1',
  )

  const selectLeftChunks = client.prepare<
    [string, number],
    { no: number; from: number; to: number; since: number | null }
  >(
    `select c.broadcast as no, c.from_seq as "from", c.to_seq as "to", c.since from broadcast_chunks c
join broadcasts b on b.no = c.broadcast and ${isOver} where b.appid || '' = ? and c.due_at <= ? limit 100`,
  )
  const selectLeftRetries = client.prepare<
    [string, number],
    { no: number; seq: number; since: number | null }
  >(
    `select t.broadcast as no, t.seq, t.unknown_since as since from broadcast_retries t
join broadcasts b on b.no = t.broadcast and ${isOver} where b.appid || '' = ? and t.due_at <= ? limit 1000`,
  )
  return { selectMore, selectChunks, selectRetries, selectHasChunk, selectLeftChunks, selectLeftRetries }
}

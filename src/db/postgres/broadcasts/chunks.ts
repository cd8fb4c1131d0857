import { say } from '../../../base/sentences/sentence.ts'
import { toStored } from '../../../base/sentences/stored.ts'
import type { HandedOutStore } from '../../broadcasts/broadcasts.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset } from '../engine/statement.ts'
import { createBroadcastTimes } from './broadcastTimes.ts'
import { waits } from './claims.ts'
import { broadcastChunks, broadcastRetries } from './tables.ts'

const isOver = `(b.status = 'cancelled' or b.status = 'finished' and b.reason = 'expired')`
const ambiguous = `status = 'unknown', reason = 'ambiguous',
detail = '${toStored(say('outcome.process_ended'))}'`
const retryKeys = ['seq', 'dueAt', 'attempts', 'unknownSince', 'starts', 'errcode', 'detail'] as const

const renewSql = 'update broadcast_chunks set due_at = $2 where broadcast = $1 and from_seq = any($3)'
const renewRetriesSql = `update broadcast_retries t set due_at = $3
from ${recordset(broadcastRetries, '$1', { keys: ['seq', 'starts'] })}
where t.broadcast = $2 and t.seq = input.seq and t.starts = input.starts`
const finishSql = 'delete from broadcast_chunks where broadcast = $1 and from_seq = $2'
const giveBackSql =
  'update broadcast_chunks set due_at = $3, since = $4 where broadcast = $1 and from_seq = $2'
const retrySql = `insert into broadcast_retries (broadcast, seq, due_at, attempts, unknown_since, starts, errcode, detail)
select $2, seq, "dueAt", attempts, "unknownSince", starts, errcode, detail
from ${recordset(broadcastRetries, '$1', { keys: retryKeys })}
on conflict (broadcast, seq) do update set due_at = excluded.due_at, attempts = excluded.attempts,
  unknown_since = excluded.unknown_since, starts = excluded.starts, errcode = excluded.errcode, detail = excluded.detail`
const leftChunksSql = `select c.broadcast, c.from_seq as "from", c.to_seq as "to", c.since from broadcast_chunks c
join broadcasts b on b.no = c.broadcast and ${isOver} where b.appid || '' = $1 and c.due_at <= $2 limit 100`
const leftRetriesSql = `select t.broadcast, t.seq, t.unknown_since as since from broadcast_retries t
join broadcasts b on b.no = t.broadcast and ${isOver} where b.appid || '' = $1 and t.due_at <= $2 limit 1000`
const chunkInput = recordset(broadcastChunks, '$1', { keys: ['broadcast', 'from', 'to'] })
const retryInput = recordset(broadcastRetries, '$1', { keys: ['broadcast', 'seq'] })
const settleChunksSql = `update broadcast_recipients r set ${ambiguous}, finished_at = $2 from ${chunkInput}
where r.broadcast = input.broadcast and r.seq between input."from" and input."to" and ${waits}`
const dropChunksSql = `delete from broadcast_chunks c using ${chunkInput}
where c.broadcast = input.broadcast and c.from_seq = input."from"`
const settleRetriesSql = `update broadcast_recipients r set ${ambiguous}, finished_at = $2 from ${retryInput}
where r.broadcast = input.broadcast and r.seq = input.seq and r.status is null`
const dropRetriesSql = `delete from broadcast_retries t using ${retryInput}
where t.broadcast = input.broadcast and t.seq = input.seq`
/** In order, or PostgreSQL reads the table from its beginning to come by the one sooner. */
const moreSql = 'select 1 from broadcast_recipients where broadcast = $1 and seq > $2 order by seq limit 1'
const openWorkSql = `select
  (select count(*) from broadcast_chunks where broadcast = $1) as chunks,
  (select coalesce(sum((select count(*) from broadcast_recipients r
    where r.broadcast = c.broadcast and r.seq between c.from_seq and c.to_seq and ${waits})), 0)::bigint
    from broadcast_chunks c where c.broadcast = $1 and c.since is not null) as "inFlight",
  (select count(*) from broadcast_retries where broadcast = $1) as retries,
  (select min(due_at) from broadcast_retries where broadcast = $1) as "nextRetryAt"`

interface LeftChunk {
  broadcast: number
  from: number
  to: number
  since: number | null
}

interface LeftRetry {
  broadcast: number
  seq: number
  since: number | null
}

/** What becomes of recipients that a process has. */
export function createBroadcastChunks(
  { query, writeSoon, clock }: Pick<PostgresDatabase, 'query' | 'writeSoon' | 'clock'>,
  appid: string,
): HandedOutStore {
  const { toServer, fromServer } = clock
  const times = createBroadcastTimes(clock)
  return {
    async renew(no, chunks, until) {
      const params = [no, toServer(until), chunks.map(({ from }) => from)]
      await writeSoon([{ sql: renewSql, params, isEmpty: chunks.length === 0 }])
    },
    async renewRetries(no, retries, until) {
      const rows = retries.map(({ seq, starts }) => ({ seq, starts }))
      await writeSoon([forRows(renewRetriesSql, rows, no, toServer(until))])
    },
    async finishChunk(no, { from }) {
      await writeSoon([{ sql: finishSql, params: [no, from] }])
    },
    async giveBack(no, { from, since, isTakenOver }, now) {
      const params = [no, from, toServer(now), isTakenOver ? toServer(since) : null]
      await writeSoon([{ sql: giveBackSql, params }])
    },
    async settleLeft(now) {
      const at = toServer(now)
      const chunks = await query<LeftChunk & Record<string, unknown>>(leftChunksSql, [appid, at])
      const retries = await query<LeftRetry & Record<string, unknown>>(leftRetriesSql, [appid, at])
      const tried = ({ since }: { since: number | null }) => since !== null
      await writeSoon([
        forRows(settleChunksSql, chunks.filter(tried), at),
        forRows(dropChunksSql, chunks),
        forRows(settleRetriesSql, retries.filter(tried), at),
        forRows(dropRetriesSql, retries),
      ])
    },
    async recordRetry(no, retry) {
      await writeSoon([forRows(retrySql, [times.toStored(retry)], no)])
    },
    async hasMore({ no, cursor, isFilled }) {
      return !isFilled || (await query(moreSql, [no, cursor])).length > 0
    },
    async openWork(no) {
      const [work] = await query<{
        chunks: number
        inFlight: number
        retries: number
        nextRetryAt: number | null
      }>(openWorkSql, [no])
      const { chunks = 0, inFlight = 0, retries = 0, nextRetryAt = null } = work ?? {}
      return { hasChunks: chunks > 0, inFlight, retries, nextRetryAt: fromServer(nextRetryAt) }
    },
  }
}

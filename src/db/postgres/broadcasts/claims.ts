import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { BroadcastRecipient, Chunk } from '../../broadcasts/recipients.ts'
import type { PostgresDatabase } from '../engine/open.ts'

interface StoredRecipient {
  seq: number
  openid: string | null
  unionid: string | null
  isByUnionid: boolean
  columns: string | null
  generation: number
  attempts: number
  subscribed: boolean | null
}

const recipientColumns = `r.seq, r.openid, r.unionid, r.is_by_unionid as "isByUnionid", r.columns, r.generation, r.attempts,
f.subscribed`
/** Of an audience of followers: a line of a file that has the number of some follower has another openid, or may as well be him. */
const followerJoin = 'left join followers f on f.id = r.seq and f.openid = r.openid'
/** A recipient who has no outcome and is not to be tried again later. */
export const waits = `r.status is null and not exists
(select 1 from broadcast_retries t where t.broadcast = r.broadcast and t.seq = r.seq)`
/** A burst of the rate, in milliseconds. */
const burst = 100

const isRunning = `exists (select 1 from broadcasts where no = $1 and status = 'running')`
const nextAtSql = `select next_at as "nextAt" from broadcasts where no = $1 and status = 'running'`
const takeRateSql = 'update broadcasts set next_at = $2 where no = $1 and next_at = $3'
/** Other processes have those that they look at locked. */
const takeOverSql = `with abandoned as (
  select broadcast, from_seq, since from broadcast_chunks
  where broadcast = $1 and due_at <= $2 and ${isRunning} order by from_seq limit 1 for update skip locked
)
update broadcast_chunks c set due_at = $3, since = coalesce(c.since, $2) from abandoned
where c.broadcast = abandoned.broadcast and c.from_seq = abandoned.from_seq
returning c.from_seq as "from", c.to_seq as "to", abandoned.since`
const waitingSql = `select ${recipientColumns} from broadcast_recipients r ${followerJoin}
where r.broadcast = $1 and r.seq between $2 and $3 and ${waits} order by r.seq`
/** Who has the row of the broadcast moves its cursor; one after the other, so that nobody is handed out twice. */
const claimSql = `with own as (
  select cursor, case when canary_state = 'running' then coalesce(canary_to, 0) else ${Number.MAX_SAFE_INTEGER} end as until,
    greatest(0, least($2::bigint, coalesce(cap - handed_out, $2::bigint))) as most
  from broadcasts where no = $1 and status = 'running' for update
), next as materialized (
  select ${recipientColumns} from broadcast_recipients r ${followerJoin}
  where r.broadcast = $1 and r.seq > (select cursor from own) and r.seq <= (select until from own)
  order by r.seq limit (select most from own)
), bounds as (select min(seq) as from_seq, max(seq) as to_seq, count(*) as size from next),
moved as (
  update broadcasts set cursor = bounds.to_seq, handed_out = handed_out + bounds.size
  from bounds where no = $1 and bounds.size > 0
), chunk as (
  insert into broadcast_chunks (broadcast, from_seq, to_seq, size, since, due_at)
  select $1, from_seq, to_seq, size, $3, $4 from bounds where size > 0
)
select * from next order by seq`
const claimRetriesSql = `with due as (
  select seq, attempts, unknown_since, starts, errcode from broadcast_retries
  where broadcast = $1 and due_at <= $2 and ${isRunning} order by due_at limit $3 for update skip locked
), taken as (
  update broadcast_retries t set due_at = $4, unknown_since = coalesce(t.unknown_since, $2) from due
  where t.broadcast = $1 and t.seq = due.seq
)
select ${recipientColumns}, due.attempts as tries, due.unknown_since as "unknownSince", due.starts, due.errcode
from due join broadcast_recipients r on r.broadcast = $1 and r.seq = due.seq ${followerJoin} order by r.seq`

/** Who of the recipients goes next, and which process has them. */
export function createBroadcastClaims({
  query,
  writeSoon,
  clock: { toServer, fromServer },
}: Pick<PostgresDatabase, 'query' | 'writeSoon' | 'clock'>): Pick<
  Broadcasts,
  'takeRate' | 'claim' | 'claimRetries'
> {
  return {
    async takeRate({ no, rate }, wanted, now) {
      if (rate === null) return { granted: wanted, nextAt: now }
      const at = toServer(now)
      const [state] = await query<{ nextAt: number }>(nextAtSql, [no])
      const before = state?.nextAt ?? at
      const from = Math.max(before, at - burst)
      const granted = Math.min(wanted, Math.floor(((at - from) * rate) / 1_000) + 1)
      if (from > at || granted < 1) return { granted: 0, nextAt: fromServer(from) }
      const nextAt = from + (granted * 1_000) / rate
      const [updated] = await writeSoon([{ sql: takeRateSql, params: [no, nextAt, before] }])
      return updated?.changes === 1 ? { granted, nextAt: fromServer(nextAt) } : { granted: 0, nextAt: now }
    },

    async claim(no, wanted, now, leaseMs) {
      const at = toServer(now)
      const [abandoned] = await change<Pick<Chunk, 'from' | 'to'> & { since: number | null }>(takeOverSql, [
        ...[no, at, at + leaseMs],
      ])
      if (abandoned) return takeOver(no, abandoned, now)
      const rows = await change<StoredRecipient>(claimSql, [no, wanted, at, at + leaseMs])
      const [first] = rows
      const last = rows.at(-1)
      if (!first || !last) return undefined
      const recipients = rows.map(toFresh)
      return { from: first.seq, to: last.seq, since: now, isTakenOver: false, recipients }
    },

    async claimRetries(no, wanted, now, leaseMs) {
      const at = toServer(now)
      const due = await change<
        StoredRecipient & {
          tries: number
          unknownSince: number | null
          starts: number
          errcode: number | null
        }
      >(claimRetriesSql, [no, at, wanted, at + leaseMs])
      return due.map(({ tries, unknownSince, starts, errcode, ...row }) => ({
        ...{ ...toFresh(row), attempts: tries, starts, errcode },
        unknownSince: fromServer(unknownSince),
      }))
    },
  }

  async function takeOver(
    no: number,
    { from, to, since }: Pick<Chunk, 'from' | 'to'> & { since: number | null },
    now: number,
  ): Promise<Chunk> {
    const rows = await query<StoredRecipient>(waitingSql, [no, from, to])
    const unknownSince = fromServer(since)
    const recipients = rows.map((row) => ({ ...toFresh(row), unknownSince }))
    return { from, to, since: unknownSince ?? now, isTakenOver: since !== null, recipients }
  }

  async function change<Row>(sql: string, params: unknown[]): Promise<Row[]>
  async function change(sql: string, params: unknown[]): Promise<object[]> {
    const [result] = await writeSoon([{ sql, params }])
    return result?.rows ?? []
  }
}

function toFresh(row: StoredRecipient): BroadcastRecipient {
  const { subscribed, ...recipient } = row
  return { ...recipient, unknownSince: null, starts: 0, errcode: null, isFollowing: subscribed ?? undefined }
}

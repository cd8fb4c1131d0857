import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { BroadcastRecipient, Chunk } from '../../broadcasts/recipients.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'

interface StoredChunk {
  from: number
  to: number
  since: number | null
  dueAt: number
}

interface StoredRecipient {
  seq: number
  openid: string | null
  unionid: string | null
  isByUnionid: number
  columns: string | null
  generation: number
  attempts: number
  subscribed: number | null
  isFollower: number
}

const recipientColumns = `r.seq, r.openid, r.unionid, r.is_by_unionid as isByUnionid, r.columns, r.generation, r.attempts,
f.subscribed, f.id is not null as isFollower`
/** Of an audience of followers: a line of a file that has the number of some follower has another openid, or may as well be him. */
const followerJoin = 'left join followers f on f.id = r.seq and f.openid = r.openid'
/** A recipient who has no outcome and is not to be tried again later. */
export const waits = `r.status is null and not exists
(select 1 from broadcast_retries t where t.broadcast = r.broadcast and t.seq = r.seq)`
/** A burst of the rate, in milliseconds. */
const burst = 100

/** Who of the recipients goes next, and which process has them. */
export function createBroadcastClaims({
  read,
  writeSoon,
}: Pick<SqliteDatabase, 'read' | 'writeSoon'>): Pick<Broadcasts, 'takeRate' | 'claim' | 'claimRetries'> {
  const { selectState, selectAbandoned, selectWaiting, selectNext, selectDueRetries } = prepareClaims(
    read.$client,
  )
  return {
    async takeRate({ no, rate }, wanted, now) {
      if (rate === null) return { granted: wanted, nextAt: now }
      const before = selectState.get(no)?.nextAt ?? now
      const from = Math.max(before, now - burst)
      const granted = Math.min(wanted, Math.floor(((now - from) * rate) / 1_000) + 1)
      if (from > now || granted < 1) return { granted: 0, nextAt: from }
      const nextAt = from + (granted * 1_000) / rate
      const [updated] = await writeSoon([
        {
          sql: 'update broadcasts set next_at = ? where no = ? and next_at = ?',
          params: [nextAt, no, before],
        },
      ])
      return updated?.changes === 1 ? { granted, nextAt } : { granted: 0, nextAt: now }
    },

    async claim(no, wanted, now, leaseMs) {
      const state = selectState.get(no)
      if (!state) return undefined
      const abandoned = selectAbandoned.get(no, now)
      if (abandoned) return takeOver(no, abandoned, now, leaseMs)
      const isCanary = state.canaryState === 'running'
      if (isCanary && state.canaryTo === null) return undefined
      const until = isCanary ? (state.canaryTo ?? 0) : Number.MAX_SAFE_INTEGER
      const most = Math.min(wanted, state.cap === null ? wanted : state.cap - state.handedOut)
      const rows = most > 0 ? selectNext.all(no, state.cursor, until, most) : []
      const first = rows[0]?.seq
      const to = rows.at(-1)?.seq
      if (first === undefined || to === undefined) return undefined
      const [moved] = await writeSoon(
        toClaim(no, state.cursor, { from: first, to, size: rows.length }, now, now + leaseMs),
      )
      if (moved?.changes !== 1) return undefined
      return { from: first, to, since: now, isTakenOver: false, recipients: rows.map(toFresh) }
    },

    async claimRetries(no, wanted, now, leaseMs) {
      if (!selectState.get(no)) return []
      const due = selectDueRetries.all(no, now, wanted)
      const retries: BroadcastRecipient[] = []
      for (const { dueAt, tries, unknownSince, starts, errcode, ...row } of due) {
        const [claimed] = await writeSoon([
          {
            sql: `update broadcast_retries set due_at = ?, unknown_since = coalesce(unknown_since, ?)
where broadcast = ? and seq = ? and due_at = ?`,
            params: [now + leaseMs, now, no, row.seq, dueAt],
          },
        ])
        if (claimed?.changes === 1)
          retries.push({ ...toFresh(row), attempts: tries, unknownSince, starts, errcode })
      }
      return retries
    },
  }

  /** Undefined when another process was faster. */
  async function takeOver(
    no: number,
    { from, to, since, dueAt }: StoredChunk,
    now: number,
    leaseMs: number,
  ): Promise<Chunk | undefined> {
    const [updated] = await writeSoon([
      {
        sql: 'update broadcast_chunks set due_at = ?, since = coalesce(since, ?) where broadcast = ? and from_seq = ? and due_at = ?',
        params: [now + leaseMs, now, no, from, dueAt],
      },
    ])
    if (updated?.changes !== 1) return undefined
    const recipients = selectWaiting
      .all(no, from, to)
      .map((row) => ({ ...toFresh(row), unknownSince: since }))
    return { from, to, since: since ?? now, isTakenOver: since !== null, recipients }
  }
}

function prepareClaims(client: SqliteDatabase['read']['$client']) {
  const selectState = client.prepare<
    [number],
    {
      cursor: number
      cap: number | null
      handedOut: number
      canaryTo: number | null
      canaryState: string | null
      nextAt: number
    }
  >(
    `select cursor, cap, handed_out as handedOut, canary_to as canaryTo, canary_state as canaryState, next_at as nextAt
from broadcasts where no = ? and status = 'running'`,
  )
  const selectAbandoned = client.prepare<[number, number], StoredChunk>(
    `select from_seq as "from", to_seq as "to", since, due_at as dueAt from broadcast_chunks
where broadcast = ? and due_at <= ? order by from_seq limit 1`,
  )
  const selectWaiting = client.prepare<[number, number, number], StoredRecipient>(
    `select ${recipientColumns} from broadcast_recipients r ${followerJoin}
where r.broadcast = ? and r.seq between ? and ? and ${waits} order by r.seq`,
  )
  const selectNext = client.prepare<[number, number, number, number], StoredRecipient>(
    `select ${recipientColumns} from broadcast_recipients r ${followerJoin}
where r.broadcast = ? and r.seq > ? and r.seq <= ? order by r.seq limit ?`,
  )
  const selectDueRetries = client.prepare<
    [number, number, number],
    StoredRecipient & {
      dueAt: number
      tries: number
      unknownSince: number | null
      starts: number
      errcode: number | null
    }
  >(
    `select ${recipientColumns}, t.due_at as dueAt, t.attempts as tries, t.unknown_since as unknownSince, t.starts, t.errcode
from broadcast_retries t join broadcast_recipients r on r.broadcast = t.broadcast and r.seq = t.seq ${followerJoin}
where t.broadcast = ? and t.due_at <= ? order by t.due_at limit ?`,
  )
  return { selectState, selectAbandoned, selectWaiting, selectNext, selectDueRetries }
}

/** The chunk is written only by the process that moved the cursor. */
function toClaim(
  no: number,
  cursor: number,
  { from, to, size }: { from: number; to: number; size: number },
  now: number,
  dueAt: number,
): Statement[] {
  return [
    {
      sql: `update broadcasts set cursor = ?, handed_out = handed_out + ? where no = ? and cursor = ? and status = 'running'`,
      params: [to, size, no, cursor],
    },
    {
      sql: `insert into broadcast_chunks (broadcast, from_seq, to_seq, size, since, due_at)
select ?, ?, ?, ?, ?, ? where changes() = 1`,
      params: [no, from, to, size, now, dueAt],
    },
  ]
}

function toFresh(row: StoredRecipient): BroadcastRecipient {
  const { seq, openid, unionid, columns, generation, attempts } = row
  return {
    seq,
    openid,
    unionid,
    isByUnionid: row.isByUnionid === 1,
    columns,
    generation,
    attempts,
    unknownSince: null,
    starts: 0,
    errcode: null,
    isFollowing: row.isFollower ? row.subscribed === 1 : undefined,
  }
}

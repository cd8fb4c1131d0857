import { setImmediate as nextTurn } from 'node:timers/promises'
import type {
  BroadcastRow,
  Broadcasts,
  NewRecipient,
  RecipientRetry,
  RecipientRow,
} from '../../broadcasts/broadcasts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'

type StoredRecipient = Omit<RecipientRow, 'isByUnionid'> & { isByUnionid: number }

const pageSize = 500
/** Rows looked at in one transaction that has failed ones wait again. */
const retriedAtOnce = 2_000

const columns = `seq, openid, unionid, is_by_unionid as isByUnionid, status, reason, detail, msgid, errcode, errmsg, rid,
attempts, generation, sent_at as sentAt, finished_at as finishedAt`

/** Those whom a broadcast goes to, and what became of them. */
export function createBroadcastRecipients(
  { read, write, writeSoon }: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): Pick<Broadcasts, 'addRecipients' | 'record' | 'recipients' | 'findRecipient' | 'findRetry' | 'retry'> {
  const client = read.$client
  const hasKey = client.prepare<[number, string], unknown>(
    'select 1 from broadcast_keys where broadcast = ? and key = ?',
  )
  const page = client.prepare<[number, number, number], StoredRecipient>(
    `select ${columns} from broadcast_recipients where broadcast = ? and seq > ? order by seq limit ?`,
  )
  const one = client.prepare<[number, number], StoredRecipient>(
    `select ${columns} from broadcast_recipients where broadcast = ? and seq = ?`,
  )
  const byKey = client.prepare<[number, string], { seq: number }>(
    'select seq from broadcast_keys where broadcast = ? and key = ?',
  )
  const byFollower = client.prepare<[string, string, string, string], { seq: number }>(
    `select id as seq from followers where appid = ? and openid = ?
union all select id from followers where appid = ? and unionid = ?`,
  )
  const openidsOf = client.prepare<[string, string], { openid: string; subscribed: number }>(
    'select openid, subscribed from followers where appid = ? and unionid = ? limit 100',
  )
  const unionidOf = client.prepare<[string, string], { unionid: string | null }>(
    'select unionid from followers where appid = ? and openid = ?',
  )
  const selectRetry = client.prepare<[number, number], RecipientRetry>(
    `select seq, due_at as dueAt, attempts, unknown_since as unknownSince, starts, errcode, detail
from broadcast_retries where broadcast = ? and seq = ?`,
  )
  const failedByReason = client.prepare<[number, string, number, number], { seq: number }>(
    'select seq from broadcast_recipients where broadcast = ? and reason = ? and seq > ? order by seq limit ?',
  )

  return {
    async addRecipients(no, given) {
      const duplicates: number[] = []
      const keys: unknown[][] = []
      const rows: unknown[][] = []
      const seen = new Set<string>()
      for (const recipient of given) {
        const { seq, openid, unionid, isByUnionid } = complete(recipient)
        const names = [openid, unionid].filter((name) => name !== null)
        if (names.some((name) => seen.has(name) || hasKey.get(no, name) !== undefined)) {
          duplicates.push(seq)
          continue
        }
        for (const name of names) {
          seen.add(name)
          keys.push([no, name, seq])
        }
        rows.push([no, seq, openid, unionid, Number(isByUnionid), recipient.columns])
      }
      await write([
        { sql: 'insert into broadcast_keys (broadcast, key, seq) values (?, ?, ?)', rows: keys },
        {
          sql: `insert into broadcast_recipients (broadcast, seq, openid, unionid, is_by_unionid, columns, attempts, generation)
values (?, ?, ?, ?, ?, ?, 0, 0)`,
          rows,
        },
        { sql: 'update broadcasts set filled = filled + ? where no = ?', params: [rows.length, no] },
      ])
      return duplicates
    },

    async record(no, outcome) {
      const { seq, openid, status, reason, detail, msgid, errcode, errmsg, rid } = outcome
      const { attempts, generation, sentAt, finishedAt } = outcome
      const values = [
        openid,
        status,
        reason,
        detail,
        msgid,
        errcode,
        errmsg,
        rid,
        attempts,
        sentAt,
        finishedAt,
      ]
      const written: Statement = {
        sql: `update broadcast_recipients set openid = coalesce(openid, ?), status = ?, reason = ?, detail = ?, msgid = ?,
errcode = ?, errmsg = ?, rid = ?, attempts = ?, sent_at = ?, finished_at = ?
where broadcast = ? and seq = ? and generation = ? and status is null`,
        params: [...values, no, seq, generation],
      }
      const forgotten: Statement = {
        sql: 'delete from broadcast_retries where broadcast = ? and seq = ?',
        params: [no, seq],
      }
      await writeSoon(outcome.wasRetried ? [written, forgotten] : [written])
    },

    async *recipients(no) {
      for (let last = -1; ; ) {
        const rows = page.all(no, last, pageSize)
        yield* rows.map(toRecipientRow)
        last = rows.at(-1)?.seq ?? last
        if (rows.length < pageSize) return
        await nextTurn()
      }
    },
    async findRecipient(row, key) {
      const found =
        row.audience.kind === 'file' ? byKey.all(row.no, key) : byFollower.all(appid, key, appid, key)
      for (const { seq } of found) {
        const recipient = one.get(row.no, seq)
        if (recipient && (recipient.openid === key || recipient.unionid === key))
          return toRecipientRow(recipient)
      }
      return undefined
    },
    async findRetry(no, seq) {
      return selectRetry.get(no, seq)
    },

    async retry(row, reasons, now) {
      let retried = 0
      for (const reason of reasons) {
        for (let last = -1; ; ) {
          const found = failedByReason.all(row.no, reason, last, retriedAtOnce)
          last = found.at(-1)?.seq ?? last
          retried += await haveWait(row, reason, found, now)
          if (found.length < retriedAtOnce) break
        }
      }
      return retried
    },
  }

  /** A person may be named by unionid in one line and by openid in another. */
  function complete(recipient: NewRecipient): NewRecipient {
    const { openid, unionid } = recipient
    return {
      ...recipient,
      openid: openid ?? (unionid === null ? null : findOpenid(unionid)),
      unionid: unionid ?? (openid === null ? null : (unionidOf.get(appid, openid)?.unionid ?? null)),
    }
  }

  function findOpenid(unionid: string): string | null {
    const known = openidsOf.all(appid, unionid)
    return (known.find(({ subscribed }) => subscribed === 1) ?? known[0])?.openid ?? null
  }

  async function haveWait(
    { no }: BroadcastRow,
    reason: string,
    found: { seq: number }[],
    now: number,
  ): Promise<number> {
    // Who did not follow is tried again only if he does now.
    const follows =
      reason === 'not_following'
        ? `and exists (select 1 from followers f where f.appid = ? and f.subscribed
and (f.openid = broadcast_recipients.openid or f.unionid = broadcast_recipients.unionid))`
        : ''
    const more = reason === 'not_following' ? [appid] : []
    const [reset] = await write([
      {
        sql: `update broadcast_recipients set status = null, reason = null, detail = null, msgid = null, errcode = null,
errmsg = null, rid = null, attempts = 0, sent_at = null, finished_at = null, generation = generation + 1
where broadcast = ? and seq = ? and reason = ? ${follows}`,
        rows: found.map(({ seq }) => [no, seq, reason, ...more]),
      },
      {
        sql: `insert into broadcast_retries (broadcast, seq, due_at, attempts, starts) select ?, ?, ?, 0, 0
where exists (select 1 from broadcast_recipients where broadcast = ? and seq = ? and status is null)
on conflict do nothing`,
        rows: found.map(({ seq }) => [no, seq, now, no, seq]),
      },
    ])
    return reset?.changes ?? 0
  }
}

function toRecipientRow(row: StoredRecipient): RecipientRow {
  return { ...row, isByUnionid: row.isByUnionid === 1 }
}

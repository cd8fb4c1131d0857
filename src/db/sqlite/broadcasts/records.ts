import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { RecipientRow } from '../../broadcasts/recipients.ts'
import type { BroadcastRow } from '../../broadcasts/row.ts'
import type { SqliteDatabase } from '../engine/open.ts'

export type StoredRecipient = Omit<RecipientRow, 'isByUnionid' | 'isRetried'> & {
  isByUnionid: number
  isRetried: number
}

const pageSize = 500
/** Rows looked at in one transaction that has failed ones wait again. */
const retriedAtOnce = 2_000

export const recipientColumns = `r.seq, r.openid, r.unionid, r.is_by_unionid as isByUnionid, r.status, r.reason,
coalesce(r.detail, t.detail) as detail, r.msgid, coalesce(r.errcode, t.errcode) as errcode, r.errmsg, r.rid,
coalesce(t.attempts, r.attempts) as attempts, r.generation, r.sent_at as sentAt, r.finished_at as finishedAt,
t.seq is not null as isRetried`
export const joinRetries = 'left join broadcast_retries t on t.broadcast = r.broadcast and t.seq = r.seq'
const recipient = `select ${recipientColumns} from broadcast_recipients r ${joinRetries}`
/** What became of those whom a broadcast goes to. */
export function createBroadcastRecords(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<Broadcasts, 'recipients' | 'findRecipient' | 'retry'> {
  const client = read.$client
  const page = client.prepare<[number, number, number], StoredRecipient>(
    `${recipient} where r.broadcast = ? and r.seq > ? order by r.seq limit ?`,
  )
  const pageOfReason = client.prepare<[number, string, number, number], StoredRecipient>(
    `${recipient} where r.broadcast = ? and r.reason = ? and r.seq > ? order by r.seq limit ?`,
  )
  const one = client.prepare<[number, number], StoredRecipient>(
    `${recipient} where r.broadcast = ? and r.seq = ?`,
  )
  const byKey = client.prepare<[number, string], { seq: number }>(
    'select seq from broadcast_keys where broadcast = ? and key = ?',
  )
  const byFollower = client.prepare<[string, string, string, string], { seq: number }>(
    `select id as seq from followers where appid = ? and openid = ?
union all select id from followers where appid = ? and unionid = ?`,
  )
  const failedByReason = client.prepare<[number, string, number, number], { seq: number }>(
    'select seq from broadcast_recipients where broadcast = ? and reason = ? and seq > ? order by seq limit ?',
  )

  return {
    async *recipients(no, reason) {
      for (let last = -1; ; ) {
        const rows =
          reason === undefined ? page.all(no, last, pageSize) : pageOfReason.all(no, reason, last, pageSize)
        yield* rows.map(toRecipientRow)
        last = rows.at(-1)?.seq ?? last
        if (rows.length < pageSize) return
        await nextTurn()
      }
    },
    async findRecipient(row, key) {
      const places =
        row.audience.kind === 'file' ? byKey.all(row.no, key) : byFollower.all(appid, key, appid, key)
      for (const { seq } of places) {
        const found = one.get(row.no, seq)
        if (found && (found.openid === key || found.unionid === key)) return toRecipientRow(found)
      }
      return undefined
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

export function toRecipientRow<Row extends StoredRecipient>(row: Row) {
  return { ...row, isByUnionid: row.isByUnionid === 1, isRetried: row.isRetried === 1 }
}

import type { PushReason } from '../../../push/status.ts'
import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { RecipientRow } from '../../broadcasts/recipients.ts'
import type { BroadcastRow } from '../../broadcasts/row.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { createBroadcastTimes } from './broadcastTimes.ts'

const pageSize = 500
/** Rows looked at in one transaction that has failed ones wait again. */
const retriedAtOnce = 2_000

export const recipientColumns = `r.seq, r.openid, r.unionid, r.is_by_unionid as "isByUnionid", r.status, r.reason,
  coalesce(r.detail, t.detail) as detail, r.msgid, coalesce(r.errcode, t.errcode) as errcode, r.errmsg, r.rid,
  coalesce(t.attempts, r.attempts) as attempts, r.generation, r.sent_at as "sentAt", r.finished_at as "finishedAt",
  t.seq is not null as "isRetried"`
export const joinRetries = 'left join broadcast_retries t on t.broadcast = r.broadcast and t.seq = r.seq'
const recipient = `select ${recipientColumns} from broadcast_recipients r ${joinRetries}`
const pageSql = `${recipient} where r.broadcast = $1 and r.seq > $2 order by r.seq limit ${pageSize}`
const pageOfReasonSql = `${recipient} where r.broadcast = $1 and r.reason = $3 and r.seq > $2 order by r.seq limit ${pageSize}`
const oneSql = `${recipient} where r.broadcast = $1 and r.seq = $2`
const byKeySql = 'select seq from broadcast_keys where broadcast = $1 and key = $2'
const byFollowerSql = `select id as seq from followers where appid = $1 and openid = $2
union all select id from followers where appid = $1 and unionid = $2`
const failedSql = `select seq from broadcast_recipients
where broadcast = $1 and reason = $2 and seq > $3 order by seq limit ${retriedAtOnce}`
/** Who did not follow is tried again only if he does now. */
const follows = `and exists (select 1 from followers f where f.appid = $4 and f.subscribed
  and (f.openid = r.openid or f.unionid = r.unionid))`
/** Who ends a broadcast and who has some of it wait again see what the other has done. */
export const lockSql = 'select from broadcasts where no = $1 for update'
const toRetrySql = (condition: string) => `with reset as (
  update broadcast_recipients r set status = null, reason = null, detail = null, msgid = null, errcode = null,
    errmsg = null, rid = null, attempts = 0, sent_at = null, finished_at = null, generation = generation + 1
  where broadcast = $1 and seq = any($5) and reason = $2 ${condition}
  returning seq
)
insert into broadcast_retries (broadcast, seq, due_at, attempts, starts)
select $1, seq, $3, 0, 0 from reset where $4::text is not null on conflict do nothing`

/** What became of those whom a broadcast goes to. */
export function createBroadcastRecords(
  { query, write, clock }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Pick<Broadcasts, 'recipients' | 'findRecipient' | 'retry'> {
  const times = createBroadcastTimes(clock)
  const select = async (sql: string, params: unknown[]) =>
    (await query<RecipientRow & Record<string, unknown>>(sql, params)).map(times.fromStored)
  return {
    async *recipients(no, reason) {
      for (let last = -1; ; ) {
        const rows: RecipientRow[] =
          reason === undefined
            ? await select(pageSql, [no, last])
            : await select(pageOfReasonSql, [no, last, reason])
        yield* rows
        last = rows.at(-1)?.seq ?? last
        if (rows.length < pageSize) return
      }
    },
    async findRecipient(row, key) {
      const places =
        row.audience.kind === 'file'
          ? await query<{ seq: number }>(byKeySql, [row.no, key])
          : await query<{ seq: number }>(byFollowerSql, [appid, key])
      for (const { seq } of places) {
        const [found] = await select(oneSql, [row.no, seq])
        if (found && (found.openid === key || found.unionid === key)) return found
      }
      return undefined
    },
    async retry(row, reasons, now) {
      let retried = 0
      for (const reason of reasons) {
        for (let last = -1; ; ) {
          const found = await query<{ seq: number }>(failedSql, [row.no, reason, last])
          last = found.at(-1)?.seq ?? last
          retried += await haveWait(
            row,
            reason,
            found.map(({ seq }) => seq),
            now,
          )
          if (found.length < retriedAtOnce) break
        }
      }
      return retried
    },
  }

  async function haveWait(
    { no }: BroadcastRow,
    reason: PushReason,
    seqs: number[],
    now: number,
  ): Promise<number> {
    const sql = toRetrySql(reason === 'not_following' ? follows : '')
    const params = [no, reason, clock.toServer(now), appid, seqs]
    const isEmpty = seqs.length === 0
    const [, result] = await write([
      { sql: lockSql, params: [no], isEmpty },
      { sql, params, isEmpty },
    ])
    return result?.changes ?? 0
  }
}

import type { PushReason, PushStatus } from '../../../push/status.ts'
import type { ReceiptedPush, Receipts, RecipientSettlement } from '../../receipts.ts'
import { broadcastRecipients } from '../broadcasts/tables.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset, type Statement } from '../engine/statement.ts'

interface StoredRecipient {
  id: string
  broadcast: number
  seq: number
  templateId: string
  status: PushStatus | null
  reason: PushReason | null
  detail: string | null
  generation: number
  msgid: string | null
  unknownSince: number | null
  sentAt: number
}

/** How many of the latest broadcasts a receipt without msgid may mean. */
const candidates = 20

/** A try may be in doubt as long as there is no outcome. */
const columns = `b.id || ':' || case when r.is_by_unionid then r.unionid else r.openid end as id, r.broadcast, r.seq,
  b.template_id as "templateId", r.status, r.reason, r.detail, r.generation, r.msgid, coalesce(r.sent_at, 0) as "sentAt",
  case when r.status is null then coalesce(
    (select t.unknown_since from broadcast_retries t where t.broadcast = r.broadcast and t.seq = r.seq),
    (select c.since from broadcast_chunks c
      where c.broadcast = r.broadcast and r.seq between c.from_seq and c.to_seq limit 1)) end as "unknownSince"`
const byMsgidSql = `select ${columns} from broadcast_recipients r join broadcasts b on b.no = r.broadcast
where r.msgid = $2 and b.appid || '' = $1 limit 1`
/** Of an audience of followers the number of the row is that of the follower. */
const latestSql = `with f as (select id, unionid from followers where appid = $1 and openid = $2),
b as (
  select no, id, template_id, case when audience ->> 'kind' = 'followers' then (select id from f) else coalesce(
    (select seq from broadcast_keys where broadcast = no and key = $2),
    (select seq from broadcast_keys where broadcast = no and key = (select unionid from f))) end as place
  from broadcasts where appid = $1 and status <> 'draft' order by no desc limit ${candidates}
)
select ${columns} from b join broadcast_recipients r on r.broadcast = b.no and r.seq = b.place where r.openid = $2`

const settlement = recordset(broadcastRecipients, '$1', {
  keys: ['broadcast', 'seq', 'status', 'reason', 'detail', 'finishedAt', 'msgid'],
})
const settled =
  'status = input.status, reason = input.reason, detail = input.detail, finished_at = input."finishedAt"'
const isWaiting = `r.broadcast = input.broadcast and r.seq = input.seq and r.status = 'sent'`
const settleSql = `update broadcast_recipients r set ${settled} from ${settlement} where ${isWaiting}`
/** What was said instead of a msgid goes: the receipt says more. */
const settleNamelessSql = `update broadcast_recipients r set ${settled}, msgid = input.msgid, errcode = null, errmsg = null,
  rid = null from ${settlement} where ${isWaiting} and r.msgid is null`

/** Receipts for the messages of broadcasts; times of receipts are those of WeChat and of who got them. */
export function createRecipientReceipts(
  { query, clock: { fromServer } }: Pick<PostgresDatabase, 'query' | 'clock'>,
  appid: string,
): Pick<Receipts, 'findByMsgid' | 'findLatest'> & {
  toSettle(settlements: readonly RecipientSettlement[]): Statement[]
} {
  const select = async (sql: string, value: string) =>
    (await query<StoredRecipient & Record<string, unknown>>(sql, [appid, value])).map(toPush)
  return {
    findByMsgid: async (msgid) => (await select(byMsgidSql, msgid))[0],
    findLatest: (openid) => select(latestSql, openid),
    toSettle(settlements) {
      const isNameless = ({ msgid }: RecipientSettlement) => msgid !== undefined
      const rows = (wanted: readonly RecipientSettlement[]) =>
        wanted.map(({ recipient, ...settlement }) => ({ ...settlement, ...recipient }))
      return [
        forRows(settleSql, rows(settlements.filter((one) => !isNameless(one)))),
        forRows(settleNamelessSql, rows(settlements.filter(isNameless))),
      ]
    },
  }

  function toPush({ broadcast, seq, status, ...row }: StoredRecipient): ReceiptedPush {
    return {
      ...row,
      status: status ?? 'queued',
      unknownSince: fromServer(row.unknownSince),
      // 0 is no time.
      sentAt: row.sentAt === 0 ? 0 : fromServer(row.sentAt),
      recipient: { broadcast, seq },
    }
  }
}

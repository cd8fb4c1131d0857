import type { PushReason, PushStatus } from '../../../push/status.ts'
import type { ReceiptedPush, Receipts, RecipientSettlement } from '../../receipts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'

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
const toColumns = (
  broadcast: string,
) => `${broadcast}.id || ':' || iif(r.is_by_unionid, r.unionid, r.openid) as id, r.broadcast, r.seq,
${broadcast}.template_id as templateId, r.status, r.reason, r.detail, r.generation, r.msgid, coalesce(r.sent_at, 0) as sentAt, iif(r.status is null, coalesce(
(select t.unknown_since from broadcast_retries t where t.broadcast = r.broadcast and t.seq = r.seq),
(select c.since from broadcast_chunks c where c.broadcast = r.broadcast and r.seq between c.from_seq and c.to_seq)), null)
as unknownSince`

/** Receipts for the messages of broadcasts. */
export function createRecipientReceipts(
  { read }: Pick<SqliteDatabase, 'read'>,
  appid: string,
): Pick<Receipts, 'findByMsgid' | 'findLatest'> & {
  toSettle(settlements: readonly RecipientSettlement[]): Statement[]
} {
  const client = read.$client
  const byMsgid = client.prepare<[string, string], StoredRecipient>(
    `select ${toColumns('b')} from broadcast_recipients r join broadcasts b on b.no = r.broadcast
where r.msgid = ? and b.appid || '' = ? limit 1`,
  )
  // Of an audience of followers the number of the row is that of the follower.
  const latest = client.prepare<[string, string, string, string, string], StoredRecipient>(
    `with f as (select id, openid, unionid from followers where appid = ? and openid = ?)
select ${toColumns('latest')}
from (select no, id, audience, template_id from broadcasts where appid = ? and status <> 'draft' order by no desc limit ${candidates}) latest
join broadcast_recipients r on r.broadcast = latest.no and r.seq = iif(json_extract(latest.audience, '$.kind') = 'followers',
(select id from f), coalesce((select seq from broadcast_keys where broadcast = latest.no and key = ?),
(select seq from broadcast_keys where broadcast = latest.no and key = (select unionid from f))))
where r.openid = ?`,
  )

  return {
    async findByMsgid(msgid) {
      return byMsgid.all(msgid, appid).map(toPush)[0]
    },
    async findLatest(openid) {
      return latest.all(appid, openid, appid, openid, openid).map(toPush)
    },
    toSettle(settlements) {
      const isNameless = ({ msgid }: RecipientSettlement) => msgid !== undefined
      const named = settlements.filter((settlement) => !isNameless(settlement))
      return [
        {
          sql: `update broadcast_recipients set status = ?, reason = ?, detail = ?, finished_at = ?
where broadcast = ? and seq = ? and status = 'sent'`,
          rows: named.map((settlement) => toValues(settlement)),
        },
        {
          sql: `update broadcast_recipients set status = ?, reason = ?, detail = ?, finished_at = ?, errcode = null,
errmsg = null, rid = null, msgid = ? where broadcast = ? and seq = ? and status = 'sent' and msgid is null`,
          rows: settlements
            .filter(isNameless)
            .map((settlement) => toValues(settlement, settlement.msgid ?? null)),
        },
      ]
    },
  }
}

function toValues(
  { status, reason, detail, finishedAt, recipient }: RecipientSettlement,
  ...more: unknown[]
) {
  return [status, reason, detail, finishedAt, ...more, recipient.broadcast, recipient.seq]
}

function toPush({ broadcast, seq, status, ...row }: StoredRecipient): ReceiptedPush {
  return { ...row, status: status ?? 'queued', recipient: { broadcast, seq } }
}

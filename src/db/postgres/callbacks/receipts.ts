import {
  isOfRecipient,
  type Receipt,
  type ReceiptedPush,
  type Receipts,
  type Settlement,
  type UnmatchedReceipt,
} from '../../receipts.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset, type Statement, selectList } from '../engine/statement.ts'
import { pushes } from '../pushes/tables.ts'
import { createRecipientReceipts } from './recipientReceipts.ts'
import { unmatchedReceipts } from './tables.ts'

/** How many of the latest pushes to a user a receipt without msgid may mean. */
const candidates = 100

const pushColumns = selectList(pushes, [
  ...['id', 'templateId', 'status', 'reason', 'detail', 'generation', 'msgid', 'unknownSince'],
])
const selectPush = `select ${pushColumns}, coalesce(sent_at, 0) as "sentAt"`
const byMsgidSql = `${selectPush} from pushes where msgid = $2 and appid = $1 limit 1`
// The status is not asked for here, because its index leads to every unanswered push there is.
const latestSql = `with by_unionid as (
  select * from pushes
  where appid = $1 and unionid = (select unionid from followers where appid = $1 and openid = $2)
  order by created_at desc limit ${candidates}
), by_openid as (
  select * from pushes where appid = $1 and openid = $2 and unionid is null
  order by created_at desc limit ${candidates}
)
${selectPush} from (select * from by_unionid union all select * from by_openid) as latest
where openid = $2 order by coalesce(sent_at, 0) desc`

const settlement = recordset(pushes, '$1', {
  keys: ['id', 'status', 'reason', 'detail', 'finishedAt', 'msgid'],
})
const settled =
  'seq = pushes.seq + 1, status = input.status, reason = input.reason, detail = input.detail, finished_at = input."finishedAt"'
const isWaiting = `pushes.appid = $2 and pushes.id = input.id and pushes.status = 'sent'`
const settleSql = `update pushes set ${settled} from ${settlement} where ${isWaiting}`
/** What was said instead of a msgid goes: the receipt says more. */
const settleNamelessSql = `update pushes set ${settled}, msgid = input.msgid, errcode = null, errmsg = null, rid = null
from ${settlement} where ${isWaiting} and pushes.msgid is null`

const receiptKeys = ['openid', 'msgid', 'status', 'at', 'receivedAt', 'dueAt']
const keepSql = `insert into unmatched_receipts (appid, openid, msgid, status, at, received_at, due_at)
select $2, openid, msgid, status, at, "receivedAt", "dueAt" from ${recordset(unmatchedReceipts, '$1', { keys: receiptKeys })}`
const dueSql = `select ${selectList(unmatchedReceipts)} from unmatched_receipts
where appid = $1 and due_at <= $2 order by due_at limit $3`
const postponeSql = `update unmatched_receipts set due_at = input."dueAt"
from ${recordset(unmatchedReceipts, '$1', { keys: ['id', 'dueAt'] })} where unmatched_receipts.id = input.id`
const dropSql = 'delete from unmatched_receipts where id = any($1)'
const countSql = 'select count(*) as total from unmatched_receipts where appid = $1'

export function createReceipts(
  { query, clock }: Pick<PostgresDatabase, 'query' | 'clock'>,
  appid: string,
): Receipts {
  const { toServer, fromServer } = clock
  const recipients = createRecipientReceipts({ query, clock }, appid)
  const fromStored = <Row extends ReceiptedPush>(row: Row): Row => ({
    ...row,
    unknownSince: fromServer(row.unknownSince),
    // 0 is no time.
    sentAt: row.sentAt === 0 ? 0 : fromServer(row.sentAt),
  })
  const dueByServer = <Due extends { dueAt: number }>(due: Due): Due => ({
    ...due,
    dueAt: toServer(due.dueAt),
  })

  return {
    async findByMsgid(msgid) {
      const [row] = await query<ReceiptedPush>(byMsgidSql, [appid, msgid])
      return row ? fromStored(row) : recipients.findByMsgid(msgid)
    },

    async findLatest(openid) {
      const rows = await query<ReceiptedPush>(latestSql, [appid, openid])
      const ours = [...rows.map(fromStored), ...(await recipients.findLatest(openid))]
      return ours.sort((a, b) => b.sentAt - a.sentAt)
    },

    toSettle(settlements: readonly Settlement[]): Statement[] {
      const isNameless = ({ msgid }: Settlement) => msgid !== undefined
      const single = settlements.filter((one) => !isOfRecipient(one))
      return [
        forRows(
          settleSql,
          single.filter((one) => !isNameless(one)),
          appid,
        ),
        forRows(settleNamelessSql, single.filter(isNameless), appid),
        ...recipients.toSettle(settlements.filter(isOfRecipient)),
      ]
    },

    toKeep(receipts: readonly (Receipt & { dueAt: number })[]): Statement {
      return forRows(keepSql, receipts.map(dueByServer), appid)
    },

    async findUnmatched(now, limit) {
      const due = await query<UnmatchedReceipt>(dueSql, [appid, toServer(now), limit])
      return due
    },

    toPostpone(receipts: readonly { id: number; dueAt: number }[]): Statement {
      return forRows(postponeSql, receipts.map(dueByServer))
    },

    toDrop(receipts: readonly { id: number }[]): Statement {
      return { sql: dropSql, params: [receipts.map(({ id }) => id)], isEmpty: receipts.length === 0 }
    },

    async countUnmatched() {
      const [row] = await query<{ total: number }>(countSql, [appid])
      return row?.total ?? 0
    },
  }
}

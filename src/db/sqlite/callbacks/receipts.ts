import { and, desc, eq, isNull, type SQL, sql } from 'drizzle-orm'
import { isOfRecipient, type ReceiptedPush, type Receipts, type Settlement } from '../../receipts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater, type Statement } from '../engine/statement.ts'
import { followers } from '../followers/tables.ts'
import { isOfAccount } from '../pushes/conditions.ts'
import { nextSeq } from '../pushes/pushWrites.ts'
import { pushes } from '../pushes/tables.ts'
import { createRecipientReceipts } from './recipientReceipts.ts'
import { createUnmatchedReceipts } from './unmatchedReceipts.ts'

/** How many of the latest pushes to a user a receipt without msgid may mean. */
const candidates = 100

export function createReceipts({ read }: Pick<SqliteDatabase, 'read'>, appid: string): Receipts {
  const placed = sql.placeholder
  const push = {
    id: pushes.id,
    templateId: pushes.templateId,
    status: pushes.status,
    reason: pushes.reason,
    detail: pushes.detail,
    generation: pushes.generation,
    msgid: pushes.msgid,
    unknownSince: pushes.unknownSince,
    sentAt: sql<number>`coalesce(${pushes.sentAt}, 0)`.as('at'),
  }
  const selectByMsgid = prepareLater(
    read
      .select(push)
      .from(pushes)
      .where(and(eq(pushes.msgid, placed('msgid')), isOfAccount(appid)))
      .limit(1),
  )
  const selectUnionid = prepareLater(
    read
      .select({ unionid: followers.unionid })
      .from(followers)
      .where(and(eq(followers.appid, appid), eq(followers.openid, placed('openid')))),
  )
  // The status is not asked for here, because its index leads to every unanswered push there is.
  const selectLatest = (isToUser: SQL) =>
    prepareLater(
      read
        .select({ ...push, openid: pushes.openid })
        .from(pushes)
        .where(and(isToUser, isOfAccount(appid)))
        .orderBy(desc(pushes.createdAt))
        .limit(candidates),
    )
  const selectLatestByUnionid = selectLatest(eq(pushes.unionid, placed('unionid')))
  const selectLatestByOpenid = selectLatest(
    sql`${eq(pushes.openid, placed('openid'))} and ${isNull(pushes.unionid)}`,
  )
  const isWaiting = and(eq(pushes.appid, appid), eq(pushes.id, placed('id')), eq(pushes.status, 'sent'))
  const settled = {
    ...nextSeq,
    status: sql`${placed('status')}`,
    reason: sql`${placed('reason')}`,
    detail: sql`${placed('detail')}`,
    finishedAt: sql`${placed('finishedAt')}`,
  }
  const settle = compileWrite<Settlement>(read.update(pushes).set(settled).where(isWaiting))
  /** What was said instead of a msgid goes: the receipt says more. */
  const settleNameless = compileWrite<Settlement>(
    read
      .update(pushes)
      .set({ ...settled, msgid: sql`${placed('msgid')}`, errcode: null, errmsg: null, rid: null })
      .where(and(isWaiting, isNull(pushes.msgid))),
  )
  const recipients = createRecipientReceipts({ read }, appid)

  return {
    async findByMsgid(msgid: string): Promise<ReceiptedPush | undefined> {
      return selectByMsgid.get({ msgid }) ?? recipients.findByMsgid(msgid)
    },

    async findLatest(openid: string): Promise<ReceiptedPush[]> {
      const unionid = selectUnionid.get({ openid })?.unionid
      const latest = [
        ...(unionid ? selectLatestByUnionid.all({ unionid }) : []),
        ...selectLatestByOpenid.all({ openid }),
      ]
      const ours = latest.filter((row) => row.openid === openid)
      return [...ours, ...(await recipients.findLatest(openid))].sort((a, b) => b.sentAt - a.sentAt)
    },

    toSettle(settlements: readonly Settlement[]): Statement[] {
      const isNameless = ({ msgid }: Settlement) => msgid !== undefined
      const single = settlements.filter((settlement) => !isOfRecipient(settlement))
      return [
        settle.each(single.filter((settlement) => !isNameless(settlement))),
        settleNameless.each(single.filter(isNameless)),
        ...recipients.toSettle(settlements.filter(isOfRecipient)),
      ]
    },

    ...createUnmatchedReceipts({ read }, appid),
  }
}

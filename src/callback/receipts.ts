import { day, minute, second } from '../base/duration.ts'
import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { Write } from '../db/database.ts'
import type { Receipt, ReceiptedPush, Receipts, Settlement } from '../db/receipts.ts'
import { hasEnded } from '../push/status.ts'
import { type ReceiptOutcome, toReceiptOutcome } from './event.ts'

export interface ReceiptCounts {
  delivered: number
  undelivered: number
  /** For pushes that had their receipt already. */
  repeated: number
  /** Fitted no push for a day: another program of this account sent the message. */
  foreign: number
}

/** A push that has its receipt. */
export interface SettledPush extends Pick<Settlement, 'id' | 'status' | 'reason'> {
  /** Milliseconds after its send, by two clocks. */
  delay: number
}

interface ReceiptPlan {
  /** To be told once the transaction is done. */
  settled: SettledPush[]
  /** For one transaction. */
  statements: Write[]
  counts: ReceiptCounts
}

const keepUnmatched = day
/** How long after its receipt a send may be recorded, where the receipt does not name its message. */
const overtaken = minute

/** What receipts that have just come do to the pushes. */
export async function planReceipts(receipts: Receipts, batch: readonly Receipt[]): Promise<ReceiptPlan> {
  const { settlements, settled, unmatched, counts } = await match(receipts, batch, findNamed)
  const kept = unmatched.map((receipt) => ({ ...receipt, dueAt: receipt.receivedAt + second }))
  return { statements: [...receipts.toSettle(settlements), receipts.toKeep(kept)], settled, counts }
}

/**
 * Looks again at receipts that fitted no push. They overtook the record of the send by a moment, or WeChat has told no
 * msgid for their push, or another program sent the message; so each look comes after twice the time of the last, and
 * after a day they are dropped.
 */
export async function planUnmatched(
  receipts: Receipts,
  now: number,
  limit: number,
): Promise<ReceiptPlan & { looked: number }> {
  const due = await receipts.findUnmatched(now, limit)
  const { settlements, settled, unmatched, counts } = await match(receipts, due, findNamedOrNameless)
  const waiting = new Set(unmatched.filter((receipt) => now - receipt.receivedAt < keepUnmatched))
  const postponed = [...waiting].map(({ id, receivedAt }) => ({ id, dueAt: now + (now - receivedAt) }))
  const statements = [
    ...receipts.toSettle(settlements),
    receipts.toDrop(due.filter((receipt) => !waiting.has(receipt))),
    receipts.toPostpone(postponed),
  ]
  const foreign = unmatched.length - waiting.size
  return { statements, settled, counts: { ...counts, foreign }, looked: due.length }
}

type FindPush = (
  receipts: Receipts,
  receipt: Receipt,
  matched: ReadonlySet<string>,
) => Promise<ReceiptedPush | undefined>

async function match<T extends Receipt>(receipts: Receipts, batch: readonly T[], findPush: FindPush) {
  const settlements: Settlement[] = []
  const settled: SettledPush[] = []
  const unmatched: T[] = []
  const counts: ReceiptCounts = { delivered: 0, undelivered: 0, repeated: 0, foreign: 0 }
  const matched = new Set<string>()
  const named = new Set<string>()
  for (const receipt of batch) {
    const { msgid } = receipt
    if (named.has(msgid)) {
      counts.repeated += 1
      continue
    }
    const push = await findPush(receipts, receipt, matched)
    if (!push) {
      unmatched.push(receipt)
    } else if (push.status !== 'sent' || matched.has(push.id)) {
      counts.repeated += 1
    } else {
      const result = toResult(receipt.status)
      matched.add(push.id)
      const name = msgid === '0' ? null : msgid
      if (push.msgid === null && name !== null) named.add(name)
      settlements.push({
        id: push.id,
        finishedAt: receipt.receivedAt,
        ...result,
        ...(push.msgid === null && { msgid: name }),
        ...(push.recipient && { recipient: push.recipient }),
      })
      const { status, reason } = result
      settled.push({ id: push.id, status, reason, delay: Math.max(0, receipt.receivedAt - push.sentAt) })
      counts[status] += 1
    }
  }
  return { settlements, settled, unmatched, counts }
}

/** Without a msgid: the last message to that user that has no receipt yet, unless it was sent after this receipt. */
async function findNamed(
  receipts: Receipts,
  receipt: Receipt,
  matched: ReadonlySet<string>,
): Promise<ReceiptedPush | undefined> {
  if (receipt.msgid !== '0') return receipts.findByMsgid(receipt.msgid)
  const latest = await receipts.findLatest(receipt.openid)
  return latest.find((push) => !matched.has(push.id) && isWaitingFor(push, receipt))
}

/**
 * A msgid nobody knows may be that of a message WeChat has taken without telling one; the first of them, as reviews end
 * in order. Not while a try to that user is in doubt, whose msgid it may be.
 */
async function findNamedOrNameless(
  receipts: Receipts,
  receipt: Receipt,
  matched: ReadonlySet<string>,
): Promise<ReceiptedPush | undefined> {
  const push = await findNamed(receipts, receipt, matched)
  if (push || receipt.msgid === '0') return push
  const latest = await receipts.findLatest(receipt.openid)
  if (latest.some(({ unknownSince, status }) => unknownSince !== null && !hasEnded({ status })))
    return undefined
  return latest.findLast(
    (push) => push.msgid === null && !matched.has(push.id) && isWaitingFor(push, receipt),
  )
}

function isWaitingFor({ status, sentAt }: ReceiptedPush, { receivedAt }: Receipt): boolean {
  return status === 'sent' && sentAt > receivedAt - keepUnmatched && sentAt < receivedAt + overtaken
}

function toResult(status: string): Pick<Settlement, 'status' | 'reason' | 'detail'> {
  const outcome = toReceiptOutcome(status)
  if (outcome === 'success') return { status: 'delivered', reason: null, detail: null }
  return {
    status: 'undelivered',
    reason: outcome,
    detail: details[outcome] ?? toStored(say('receipt.other', { status })),
  }
}

const details: Partial<Record<ReceiptOutcome, string>> = {
  user_block: toStored(say('receipt.user_block')),
  system_failed: toStored(say('receipt.system_failed')),
  freq_limit: toStored(say('receipt.freq_limit')),
}

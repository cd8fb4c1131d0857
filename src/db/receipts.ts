import type { PushReason } from '../push/status.ts'
import type { Write } from './database.ts'
import type { PushRow } from './pushes.ts'

export interface Receipt {
  openid: string
  /** `0` when WeChat did not say which message it means. */
  msgid: string
  /** As WeChat wrote it. */
  status: string
  /** WeChat's time. */
  at: number
  receivedAt: number
}

export interface UnmatchedReceipt extends Receipt {
  id: number
}

export interface ReceiptedPush
  extends Pick<
    PushRow,
    'id' | 'templateId' | 'status' | 'reason' | 'detail' | 'generation' | 'msgid' | 'unknownSince'
  > {
  /** 0 for one that was never sent. */
  sentAt: number
  /** Of a broadcast's message; undefined for a push by itself. */
  recipient?: RecipientPlace
}

/** Where a recipient of a broadcast stands. */
export interface RecipientPlace {
  /** Number of the broadcast. */
  broadcast: number
  seq: number
}

export interface Settlement {
  id: string
  status: 'delivered' | 'undelivered'
  reason: PushReason<'undelivered'> | null
  detail: string | null
  finishedAt: number
  /** For a push that had none: that of the receipt, null when the receipt has none either. */
  msgid?: string | null
  /** Of a broadcast's message; undefined for a push by itself. */
  recipient?: RecipientPlace
}

export interface RecipientSettlement extends Settlement {
  recipient: RecipientPlace
}

export function isOfRecipient(settlement: Settlement): settlement is RecipientSettlement {
  return settlement.recipient !== undefined
}

/** Where receipts meet the pushes of one account, recipients of broadcasts among them. Writes are for the transaction that also ends the event. */
export interface Receipts {
  /** The push with that msgid, whatever has become of it. */
  findByMsgid(msgid: string): Promise<ReceiptedPush | undefined>
  /** The latest pushes to that user, the last sent first. */
  findLatest(openid: string): Promise<ReceiptedPush[]>
  /** Ends pushes that wait for their receipt; others stay as they are. */
  toSettle(settlements: readonly Settlement[]): Write[]
  /** Receipts that fit no push yet: they overtook the record of the send, or another program sent the message. */
  toKeep(receipts: readonly (Receipt & { dueAt: number })[]): Write
  findUnmatched(now: number, limit: number): Promise<UnmatchedReceipt[]>
  toPostpone(receipts: readonly { id: number; dueAt: number }[]): Write
  toDrop(receipts: readonly { id: number }[]): Write
  countUnmatched(): Promise<number>
}

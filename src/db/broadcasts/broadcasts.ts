import type { FinalStatus, PushReason } from '../../push/status.ts'
import type {
  BroadcastRecipient,
  Chunk,
  FoundRecipient,
  NewRecipient,
  RecipientOutcome,
  RecipientRetry,
  RecipientRow,
} from './recipients.ts'
import type { Audience, BroadcastChange, BroadcastRow, NewBroadcast } from './row.ts'

export interface BroadcastCount {
  status: FinalStatus
  reason: PushReason | null
  isCanary: boolean
  total: number
}

/** The last outcomes, a character each, the newest at the end: `.` went well, `x` did not. */
export interface RecentOutcomes {
  sends: string
  receipts: string
}

/** What is under way. */
export interface OpenWork {
  /** Some process has recipients, or has to look whether it has. */
  hasChunks: boolean
  /** Handed out and not come to an end. */
  inFlight: number
  retries: number
  nextRetryAt: number | null
}

/** There is a broadcast of that id, or one that nobody sees yet. */
export class BroadcastIdTaken extends Error {}

/** The broadcasts of one account. */
export interface Broadcasts {
  find(id: string): Promise<BroadcastRow | undefined>
  /** Newest first. */
  list(limit: number): Promise<BroadcastRow[]>
  /** Those that have not come to an end, oldest first. */
  listOpen(): Promise<BroadcastRow[]>
  counts(no: number): Promise<BroadcastCount[]>
  recent(no: number): Promise<RecentOutcomes>
  openWork(no: number): Promise<OpenWork>

  /** Nobody sees it before `publish`. Returns its number; rejects with BroadcastIdTaken when there is one of that id. */
  draft(row: NewBroadcast): Promise<number>
  /** Lines of a file, in order; returns those that name somebody who was named before. */
  addRecipients(no: number, recipients: readonly NewRecipient[]): Promise<number[]>
  /** Which of these lines name somebody who got that broadcast. */
  findServed(no: number, recipients: readonly NewRecipient[]): Promise<Set<number>>
  /** Of a draft: how many of those it has can be sent to as far as is known, and the first of them. */
  preview(no: number, size: number): Promise<{ sendable: number; first: BroadcastRecipient[] }>
  /** Of a draft: those named by the unionid of nobody who follows, by position, in pages. */
  unreachable(no: number): AsyncGenerator<Pick<NewRecipient, 'seq' | 'openid' | 'unionid'>>
  /** Followers of an audience who are left out of it because they got the other broadcast, in pages. */
  leftOut(audience: Audience): AsyncGenerator<Pick<NewRecipient, 'seq' | 'openid' | 'unionid'>>
  /** Deletes a draft. */
  drop(no: number): Promise<void>
  /** Deletes the draft of that id, if this account has one, so that another may have it; whoever writes it cannot publish it. */
  dropById(id: string): Promise<void>
  /** False when the draft was dropped. */
  publish(
    no: number,
    row: Pick<BroadcastRow, 'status' | 'selected' | 'isFilled' | 'canarySize'>,
  ): Promise<boolean>
  /**
   * Deletes some of what belongs to drafts begun before that time and to broadcasts that came to an end before `ended`;
   * returns how many rows, 0 = nothing is left to delete.
   */
  purge(before: { drafted: number; ended: number }): Promise<number>
  /** False, and nothing changed, when its status or reason is another one by now, or with `isDone` when somebody waits in it. */
  change(
    row: BroadcastRow,
    change: BroadcastChange,
    options?: { forgetsRecent?: boolean; isDone?: boolean },
  ): Promise<boolean>

  /** How many followers the audience is now. */
  countFollowers(audience: Audience): Promise<number>
  /** The highest row number of followers. */
  lastFollower(): Promise<number>
  /** Writes the next followers of the audience, out of so many rows, and moves the row's cursor. False when all are written. */
  fill(row: BroadcastRow, rows: number): Promise<boolean>
  /** Which recipient is at that position, counted from 1; undefined when there are fewer. */
  findSeq(no: number, position: number): Promise<number | undefined>

  /** How many of those wanted may go now at its rate, and if none, from when on. */
  takeRate(row: BroadcastRow, wanted: number, now: number): Promise<{ granted: number; nextAt: number }>
  /** The next recipients, those first whose process was not heard of any more. */
  claim(no: number, wanted: number, now: number, leaseMs: number): Promise<Chunk | undefined>
  /** Recipients whose time to be tried again has come. */
  claimRetries(no: number, wanted: number, now: number, leaseMs: number): Promise<BroadcastRecipient[]>
  renew(no: number, chunks: readonly Pick<Chunk, 'from'>[], until: number): Promise<void>
  /** Of those who were tried since nothing is changed. */
  renewRetries(
    no: number,
    retries: readonly Pick<BroadcastRecipient, 'seq' | 'starts'>[],
    until: number,
  ): Promise<void>
  /** All of it has come to an end, or waits among the retries. */
  finishChunk(no: number, chunk: Chunk): Promise<void>
  /** Whoever has no outcome was not sent to by this process. */
  giveBack(no: number, chunk: Chunk, now: number): Promise<void>
  /** Whether another recipient of a file stands for that user. */
  isTaken(no: number, openid: string, seq: number): Promise<boolean>
  /** Of a recipient whose outcome is known already, and of one who is another message by now, nothing is written. */
  record(no: number, outcomes: readonly RecipientOutcome[]): Promise<void>
  recordRetry(no: number, retry: RecipientRetry): Promise<void>
  /**
   * Ends those of broadcasts that were cancelled or have expired whom a process had that is not heard of any more: who may
   * have been sent to is `unknown`.
   */
  settleLeft(now: number): Promise<void>
  /** Whether somebody waits who was never handed out. */
  hasMore(row: BroadcastRow): Promise<boolean>

  /** Recipients by position, in pages; with a reason those that ended for it. */
  recipients(no: number, reason?: PushReason): AsyncGenerator<RecipientRow>
  /** By openid or unionid. */
  findRecipient(row: BroadcastRow, key: string): Promise<RecipientRow | undefined>
  /** Messages a second of those that run. */
  perSecond(): Promise<number>
  /** One user, by openid or unionid, in all broadcasts of the account, in no order. */
  findUser(key: string): Promise<FoundRecipient[]>
  /** Whose message it is. */
  findByMsgid(msgid: string): Promise<FoundRecipient[]>
  /**
   * Has those that ended for one of the reasons wait again, as new messages, those who did not follow only if they do
   * now; returns how many.
   */
  retry(row: BroadcastRow, reasons: readonly PushReason[], now: number): Promise<number>
}

/** What becomes of recipients that a process has. */
export type HandedOutStore = Pick<
  Broadcasts,
  | 'renew'
  | 'renewRetries'
  | 'finishChunk'
  | 'giveBack'
  | 'hasMore'
  | 'openWork'
  | 'recordRetry'
  | 'settleLeft'
>

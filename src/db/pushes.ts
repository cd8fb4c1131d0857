import { say } from '../base/sentences/sentence.ts'
import { toStored } from '../base/sentences/stored.ts'
import type { FinalStatus, PushReason, PushStatus } from '../push/status.ts'
import type { Write } from './database.ts'

/** Times are epoch milliseconds. */
export interface PushRow {
  id: string
  appid: string
  unionid: string | null
  openid: string | null
  templateId: string
  status: PushStatus
  reason: PushReason | null
  detail: string | null
  /** 19 digits and more than 2^53; null while WeChat has named none. */
  msgid: string | null
  errcode: number | null
  errmsg: string | null
  rid: string | null
  /** Calls that may have reached WeChat and were not refused for pace, quota, token or account. */
  attempts: number
  /** Grows with every change of the row, which only the store counts; 0 = the push is in the queue and has no row yet. */
  seq: number
  /** 0 for the first message; each `failed retry` is a new message with a new client_msg_id. */
  generation: number
  /** Start of the first try whose outcome is not known; opens WeChat's 10-minute dedupe window. */
  unknownSince: number | null
  /** The job that brings or brought it; null = its id is that of the push. */
  jobId: string | null
  /** The accepted push message as JSON, so that it can be sent again on purpose. */
  message: string
  createdAt: number
  /** Not sent after. */
  expiresAt: number | null
  /**
   * The line it had to wait in for the follow of its user, who is named by unionid, or else by openid, and with the other
   * accounts that it may go to; null = it never had to.
   */
  heldFor: string | null
  /** When it last began to wait. */
  heldAt: number | null
  /** Pushes held for one user go out in this order: when they were asked for, with a fraction within the millisecond. */
  place: number | null
  sentAt: number | null
  finishedAt: number | null
}

export interface PushFilter {
  unionid?: string | undefined
  /** Without a unionid: only pushes that name their user by openid alone. */
  openid?: string | undefined
  msgid?: string | undefined
  status?: PushStatus | undefined
  templateId?: string | undefined
  reason?: PushReason | undefined
  /** Only pushes asked for at this time or later; epoch milliseconds. */
  since?: number | undefined
  /** Only pushes asked for before this time; epoch milliseconds. */
  until?: number | undefined
  /** Only pushes behind this place of the list. */
  after?: PushPlace | undefined
  limit?: number | undefined
}

/** Where a push stands in a list that begins with the newest. */
export interface PushPlace {
  createdAt: number
  id: string
  /** Whether the push at this very place is among those behind it, as when it is one of another account. */
  isIncluded: boolean
}

/** What WeChat's acceptance changes in a row. */
export interface Acceptance extends Pick<PushRow, 'id' | 'generation' | 'attempts'> {
  msgid: string
  /** Epoch milliseconds. */
  sentAt: number
}

export interface PushedUser {
  openid: string
  unionid: string | null
  /** Undefined = any. */
  templateId: string | undefined
}

/** Epoch milliseconds; a step begins at a multiple of `bucket`, less `offset`. */
export interface OutcomeSteps {
  since: number
  until: number
  bucket: number
  offset: number
}

/** Pushes that ended within one step. */
export interface PushOutcome {
  /** When the step begins. */
  at: number
  status: FinalStatus
  total: number
  /** Of those with a reason. */
  reasons: Record<string, number>
}

export interface PushRows {
  find(id: string): Promise<PushRow | undefined>
  /** False, and nothing written, when there is a row with that id. */
  add(row: PushRow): Promise<boolean>
  /**
   * Writes the row as it is now. False, and nothing written, when the push has meanwhile come to an end elsewhere or
   * is a newer message: then there is nothing left to do for this one.
   */
  record(row: PushRow): Promise<boolean>
  /** The same, for who did not take the push by its job: false also when anybody has written the row since it was read. */
  recordUnchanged(row: PushRow): Promise<boolean>
  /** `record` for a transaction that writes something else too. */
  toRecord(row: PushRow): Write
  /** False when the push has come to an end elsewhere. */
  recordSent(acceptance: Acceptance): Promise<boolean>
  /** Ends a push that has a record and waits to be sent; false when there is none, or a try is under way, in doubt or done. */
  cancel(id: string, at: number): Promise<boolean>
  /** Pushes asked for before that time that have not come to an end and are not held, the oldest after `last` first. */
  findOpen(before: number, last: PushRow | undefined, limit: number): Promise<PushRow[]>
  /** Back to waiting, for pushes of that generation which are to be sent again; rows that changed since stay. */
  recordResent(rows: readonly Pick<PushRow, 'id' | 'generation' | 'jobId'>[]): Promise<void>
  /** Newest first, in pages, so that memory does not grow with the history. */
  history(filter?: PushFilter): AsyncGenerator<PushRow>
  /** How many there are with a status, without the records of jobs that were no pushes. */
  countPushes(filter: PushFilter & { status: PushStatus }): Promise<number>
  /**
   * Up to `limit` of each status that ended at this time or later (epoch milliseconds), the first of them, and of those of
   * which WeChat has told since then why they were not delivered.
   */
  findFinished(from: number, limit: number): Promise<PushRow[]>
  /** Pushes by status that ended since `from` (epoch milliseconds), recipients of broadcasts among them, to the minute. */
  countFinished(from: number): Promise<Record<FinalStatus, number>>
  /** The same in steps of time of whole minutes, with the reasons; steps in which none ended are left out. */
  countOutcomes(steps: OutcomeSteps): Promise<PushOutcome[]>
  /** Pushes that WeChat accepted since `from` (epoch milliseconds), whatever has become of them. */
  countSent(from: number): Promise<number>
  /**
   * How many messages that user was sent since `since` (epoch milliseconds), of one template or of any; a try under way
   * counts, that of the push `except` does not.
   */
  countToUser(user: PushedUser, since: number, except: string): Promise<number>
  /** Deletes up to `limit` pushes that ended before that time; returns how many. */
  purge(before: number, limit: number): Promise<number>
}

/** What becomes of a push that was taken back. */
export const cancelled = {
  status: 'skipped',
  reason: 'cancelled',
  detail: toStored(say('outcome.taken_back')),
} as const

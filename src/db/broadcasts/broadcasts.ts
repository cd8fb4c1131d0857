import type { FinalStatus, PushReason } from '../../push/status.ts'

export const broadcastStatuses = ['scheduled', 'running', 'paused', 'cancelled', 'finished'] as const
export type BroadcastStatus = (typeof broadcastStatuses)[number]

/** Why a broadcast is paused itself; besides, it waits while its account is. */
export const broadcastPauses = ['manual', 'failures', 'canary', 'quota', 'window'] as const
export type BroadcastPause = (typeof broadcastPauses)[number]

/** `expired`: what was not sent in time is `skipped/expired`. */
export type BroadcastReason = BroadcastPause | 'expired'

/** Who gets it: followers of the account, or those whom a file names. */
export type Audience =
  | {
      kind: 'followers'
      tag?: number | undefined
      scene?: string | undefined
      /** Epoch milliseconds: who followed then or later. */
      since?: number | undefined
      /** Number of a broadcast: who got that one is left out. */
      except?: number | undefined
    }
  | { kind: 'file'; name: string; except?: number | undefined }

/** Times are epoch milliseconds. */
export interface BroadcastRow {
  /** Short, for the rows of its recipients. */
  no: number
  id: string
  appid: string
  name: string | null
  templateId: string
  /** `{data, url, miniprogram}`, with `{{columns}}`. */
  message: string
  audience: Audience
  status: BroadcastStatus
  reason: BroadcastReason | null
  detail: string | null
  /** Sends per second over all processes; null = as the account may. */
  rate: number | null
  /** `09:00-21:00`; null = at any time. */
  window: string | null
  /** As asked for: `1%` or a number. */
  canaryShare: string | null
  canarySize: number | null
  /** The last recipient of the canary; null until the audience is known that far. */
  canaryTo: number | null
  canaryState: 'running' | 'waiting' | 'passed' | null
  /** When the last of the canary was sent. */
  canaryAt: number | null
  /** Share of failures above which it pauses. */
  maxFailures: number
  /** How many recipients; of followers a count until `isFilled`. */
  selected: number
  isFilled: boolean
  /** Recipients written so far. */
  filled: number
  /** Row number in `followers` up to which the audience is written, and up to which it goes. */
  fillCursor: number
  fillUntil: number
  /** The last recipient that was handed out. */
  cursor: number
  handedOut: number
  /** Not more than so many are handed out before the quota is asked again. */
  cap: number | null
  /** When the next may go at `rate`. */
  nextAt: number
  /** Outcomes per second of late. */
  perSecond: number
  createdAt: number
  startAt: number | null
  expiresAt: number | null
  startedAt: number | null
  finishedAt: number | null
}

export type NewBroadcast = Pick<
  BroadcastRow,
  | 'id'
  | 'name'
  | 'templateId'
  | 'message'
  | 'audience'
  | 'rate'
  | 'window'
  | 'canaryShare'
  | 'maxFailures'
  | 'createdAt'
  | 'startAt'
  | 'expiresAt'
>

/** What may be changed about one that exists. */
export type BroadcastChange = Partial<
  Pick<
    BroadcastRow,
    | 'status'
    | 'reason'
    | 'detail'
    | 'canarySize'
    | 'canaryTo'
    | 'canaryState'
    | 'canaryAt'
    | 'selected'
    | 'isFilled'
    | 'fillUntil'
    | 'cap'
    | 'perSecond'
    | 'startedAt'
    | 'finishedAt'
  >
>

/** One line of a file. */
export interface NewRecipient {
  /** The line; they are sent to in this order. */
  seq: number
  openid: string | null
  unionid: string | null
  /** Named by unionid: the openid is found when it is sent to. */
  isByUnionid: boolean
  /** The columns as JSON, if the message has placeholders. */
  columns: string | null
}

/** One who waits for the message. */
export interface BroadcastRecipient extends NewRecipient {
  generation: number
  attempts: number
  /** Start of the first try whose outcome is not known. */
  unknownSince: number | null
  /** How often it was tried, tries that do not count included; 0 = never. */
  starts: number
  /** What the last try was refused with. */
  errcode: number | null
  /** False when the follower of the audience has left since; undefined where that is found out by sending. */
  isFollowing: boolean | undefined
}

/** What became of one recipient. */
export interface RecipientRow {
  seq: number
  openid: string | null
  unionid: string | null
  isByUnionid: boolean
  /** Null = it waits. */
  status: FinalStatus | null
  reason: PushReason | null
  detail: string | null
  msgid: string | null
  errcode: number | null
  errmsg: string | null
  rid: string | null
  attempts: number
  generation: number
  sentAt: number | null
  finishedAt: number | null
  /** It waits for its next try; `detail`, `errcode` and `attempts` are of the last one. */
  isRetried: boolean
}

/** An outcome of a recipient who was handed out. */
export interface RecipientOutcome
  extends Pick<
    RecipientRow,
    | 'seq'
    | 'openid'
    | 'reason'
    | 'detail'
    | 'msgid'
    | 'errcode'
    | 'errmsg'
    | 'rid'
    | 'attempts'
    | 'generation'
  > {
  status: FinalStatus
  sentAt: number | null
  finishedAt: number
  /** It was among the retries. */
  wasRetried: boolean
}

/** A recipient who is tried again later. */
export interface RecipientRetry {
  seq: number
  dueAt: number
  attempts: number
  unknownSince: number | null
  starts: number
  errcode: number | null
  detail: string | null
}

/** Recipients that one process was handed: to be sent to until the lease runs out, and then by another one. */
export interface Chunk {
  from: number
  to: number
  /** When the first process that may have sent to some of them got it. */
  since: number
  recipients: BroadcastRecipient[]
  /** Another process had it before, and was not heard of any more. */
  isTakenOver: boolean
}

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

  /** Nobody sees it before `publish`. Returns its number. */
  draft(row: NewBroadcast): Promise<number>
  /** Lines of a file, in order; returns those that name somebody who was named before. */
  addRecipients(no: number, recipients: readonly NewRecipient[]): Promise<number[]>
  /** Which of these lines name somebody who got that broadcast. */
  findServed(no: number, recipients: readonly NewRecipient[]): Promise<Set<number>>
  /** Of a draft: how many of those it has can be sent to as far as is known, and the first of them. */
  preview(no: number, size: number): Promise<{ sendable: number; first: BroadcastRecipient[] }>
  /** Deletes a draft. */
  drop(no: number): Promise<void>
  publish(
    no: number,
    row: Pick<BroadcastRow, 'status' | 'selected' | 'isFilled' | 'canarySize'>,
  ): Promise<void>
  /**
   * Deletes some of what belongs to drafts begun before that time and to broadcasts that came to an end before `ended`;
   * returns how many rows, 0 = nothing is left to delete.
   */
  purge(before: { drafted: number; ended: number }): Promise<number>
  /** False, and nothing changed, when its status or reason is another one by now. */
  change(row: BroadcastRow, change: BroadcastChange, options?: { forgetsRecent: boolean }): Promise<boolean>

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
  /** All of it has come to an end, or waits among the retries. */
  finishChunk(no: number, chunk: Chunk): Promise<void>
  /** Whoever has no outcome was not sent to by this process. */
  giveBack(no: number, chunk: Chunk, now: number): Promise<void>
  /** Whether another recipient of a file stands for that user. */
  isTaken(no: number, openid: string, seq: number): Promise<boolean>
  record(no: number, outcome: RecipientOutcome): Promise<void>
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
  /**
   * Has those that ended for one of the reasons wait again, as new messages, those who did not follow only if they do
   * now; returns how many.
   */
  retry(row: BroadcastRow, reasons: readonly PushReason[], now: number): Promise<number>
}

import type { FinalStatus, PushReason } from '../../push/status.ts'

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

export interface FoundRecipient extends RecipientRow {
  /** Id of the broadcast. */
  broadcast: string
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

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
  /** Sends a day, as WeChat last said; null = not known. */
  dailyLimit: number | null
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
    | 'dailyLimit'
    | 'perSecond'
    | 'startedAt'
    | 'finishedAt'
  >
>

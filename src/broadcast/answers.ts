import type { Broadcast } from './view.ts'

interface InvalidLine {
  line: number
  reason: string
}

export interface CreatedBroadcast extends Broadcast {
  /** At most 100,000 of them; `onSkipped` is told of all. */
  invalid: InvalidLine[]
  invalidTotal: number
}

export interface CancelledBroadcast extends Broadcast {
  /** Sends that were under way and end as they end. */
  inFlight: number
}

/** What a broadcast would do; `selected` = `sendable` + skipped. */
export interface BroadcastPlan {
  selected: number
  sendable: number
  skipped: Record<string, number>
  /** At most 100,000 of them; `onSkipped` is told of all. */
  invalid: InvalidLine[]
  invalidTotal: number
  /** The first messages as their users would get them. */
  samples: {
    openid: string | null
    unionid: string | null
    data: Record<string, string>
    url: string | null
  }[]
  /** Sends of today, and how many whole days it takes; null when WeChat does not say. */
  quota: { limit: number; used: number; left: number; days: number } | null
  /** About when it ends, in full minutes; null = not known. */
  endsAt: string | null
}

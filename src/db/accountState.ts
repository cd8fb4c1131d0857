import { manualPause, type PauseReason } from '../push/status.ts'

/** Times are epoch milliseconds. */
export interface AccountStateRow {
  appid: string
  /** Null = running. */
  pausedReason: PauseReason | null
  pausedDetail: string | null
  pausedSince: number | null
  probeAt: number | null
  /** Fruitless probes since the pause began. */
  probes: number
  /** Sends per second the pacing allows; null = unlimited. */
  rate: number | null
  /** Sends per second that WeChat refused; null = not known. */
  refusedRate: number | null
  /** When sending was last slowed down. */
  refusedAt: number | null
}

/** Times are epoch milliseconds. */
export interface Pause {
  reason: PauseReason
  detail: string
  since: number
  probeAt: number
}

/**
 * The account may have recovered, and the next push tries it. Then no probe is due, which otherwise only a pause by a
 * person has in common.
 */
export function isTrial(row: AccountStateRow | undefined): boolean {
  return Boolean(row?.pausedReason) && row?.pausedReason !== manualPause && row?.probeAt === null
}

export interface Slowdown {
  /** Sends per second, as the next. */
  rate: number
  refusedRate: number | null
  at: number
  /** Within as many milliseconds there is one slowdown. */
  apart: number
}

export interface AccountState {
  /** `undefined` for an account nothing ever happened to. */
  find(): Promise<AccountStateRow | undefined>
  /** True for the one caller over all processes that paused a running account: it is the one to alert. */
  pause(pause: Pause): Promise<boolean>
  /** True for the one caller that may probe now; the next probe is due at `nextProbeAt`. */
  claimProbe(now: number, nextProbeAt: number): Promise<boolean>
  /**
   * Until a person resumes it, whatever it was paused for before. True for the one caller that changed something: an
   * account that is paused by hand stays as it is.
   */
  pauseByHand(pause: Pick<Pause, 'detail' | 'since'>): Promise<boolean>
  /** A probe found that the account may send again: one push is to try it. False when the pause is another one by now. */
  startTrial(reason: PauseReason): Promise<boolean>
  /** That push was refused. True for the one caller that paused the account again. */
  refuseTrial(pause: Omit<Pause, 'since'>): Promise<boolean>
  /** It was accepted. True for the one caller that ended the pause. */
  endTrial(): Promise<boolean>
  /** True for the one caller that ended the pause, whatever it is for. */
  resume(): Promise<boolean>
  /** True for the one caller that slowed down; false when another did at about the same time. */
  slowDown(slowdown: Slowdown): Promise<boolean>
  /** Sends per second, null = unlimited; false when somebody slowed down after `refusedAt`. */
  setRate(rate: number | null, refusedAt: number | null): Promise<boolean>
}

import { day } from '../base/duration.ts'
import type { PauseReason } from '../push/status.ts'

export interface TemplateRow {
  appid: string
  templateId: string
  title: string
  content: string
  example: string
  primaryIndustry: string
  deputyIndustry: string
  /** Epoch milliseconds. */
  fetchedAt: number
}

/** What WeChat listed once is remembered for so long. */
export const rememberGone = 90 * day

/** Times are epoch milliseconds. */
export interface TemplateStateRow {
  appid: string
  templateId: string
  /** When WeChat first left it out of its list; null = it never did. */
  goneAt: number | null
  /** Null = its pushes go out. */
  pausedReason: PauseReason | null
  pausedDetail: string | null
  pausedSince: number | null
  /** When one of its pushes may try whether it can be sent again. */
  probeAt: number | null
  /** Fruitless probes since the pause began. */
  probes: number
}

/** Times are epoch milliseconds. */
export interface TemplatePause extends Pick<TemplateStateRow, 'templateId' | 'probes'> {
  reason: PauseReason
  detail: string
  since: number
  probeAt: number
}

export interface TemplatePauses {
  /** Those whose pushes wait. */
  list(): Promise<TemplatePause[]>
  /** True for the one caller over all processes that paused it; of a pause that lasts the reason is renewed. */
  pause(pause: Omit<TemplatePause, 'probes'>): Promise<boolean>
  /** True for the one caller that may probe now; the next probe is due at `nextProbeAt`. */
  claimProbe(templateId: string, now: number, nextProbeAt: number): Promise<boolean>
  /** True for the one caller that ended the pause. */
  resume(templateId: string): Promise<boolean>
}

export interface Templates {
  /** Whether WeChat has listed it once and does so no more. */
  isGone(templateId: string): Promise<boolean>
  find(templateId: string): Promise<TemplateRow | undefined>
  list(): Promise<TemplateRow[]>
  /** Makes the rows equal to what WeChat listed at `fetchedAt` (epoch milliseconds). */
  replace(listed: readonly Omit<TemplateRow, 'appid' | 'fetchedAt'>[], fetchedAt: number): Promise<void>
}

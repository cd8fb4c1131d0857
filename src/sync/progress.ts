import { second } from '../base/duration.ts'

export interface SyncProgress {
  seen: number
  /** WeChat's own count of followers; 0 before the first page. */
  total: number
  fetched: number
  /** Followers per second, since this process took up the run. */
  rate: number
  /** Null while there is no rate to tell from. */
  etaMs: number | null
}

const interval = 100

/** Reports at most ten times a second. */
export function createProgress(
  report: (progress: SyncProgress) => void,
  seenBefore: number,
  now: () => number,
) {
  const startedAt = now()
  let reportedAt = 0

  return ({ seen, total, fetched }: Pick<SyncProgress, 'seen' | 'total' | 'fetched'>): void => {
    if (now() - reportedAt < interval) return
    reportedAt = now()
    const rate = ((seen - seenBefore) * second) / Math.max(1, reportedAt - startedAt)
    const etaMs = rate > 0 ? Math.max(0, ((total - seen) / rate) * second) : null
    report({ seen, total, fetched, rate, etaMs })
  }
}

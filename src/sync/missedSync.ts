import { CronExpressionParser } from 'cron-parser'
import { day, minute } from '../base/duration.ts'
import type { SyncRuns } from '../db/syncRuns.ts'

interface MissedSyncOptions {
  syncCron: string
  /** Milliseconds after that time. */
  syncDelay: number
  timezone: string
  syncRuns: Pick<SyncRuns, 'findLast'>
}

/** So long ago nobody planned with this program. */
const forgotten = 31 * day

/**
 * Whether nobody has synced since the last time that was planned: the process did not run then, was frozen, or the time did
 * not exist because the clocks were changed. The minute that has just begun is left to the schedule itself.
 */
export async function hasMissedSync({
  syncCron,
  syncDelay,
  timezone,
  syncRuns,
}: MissedSyncOptions): Promise<boolean> {
  const now = Date.now() - syncDelay
  const currentDate = new Date(now - minute)
  const planned = CronExpressionParser.parse(syncCron, { currentDate, tz: timezone }).prev().getTime()
  if (now - planned > forgotten) return false
  const last = await syncRuns.findLast()
  return Math.max(last?.startedAt ?? 0, last?.finishedAt ?? 0) < planned
}

import { type DayWindow, findClosing, isOpenAt } from '../../base/dayWindow.ts'
import { day, hour } from '../../base/duration.ts'
import type { PushCap } from '../../base/environment.ts'
import { createSemaphore, type Semaphore } from '../../base/semaphore.ts'
import type { PushRows } from '../../db/pushes.ts'
import type { PushJob } from '../../queue/job.ts'
import type { Ending } from './end.ts'
import type { FollowerIds } from './resolve.ts'

export interface MannersSettings {
  caps: readonly PushCap[]
  quiet: { window: DayWindow; action: 'wait' | 'skip' } | undefined
  timezone: string
}

/** What a user is spared; broadcasts have hours of their own. */
export interface Manners {
  /** What becomes of a push in quiet hours; undefined = it may go out now. */
  findQuiet(
    push: Pick<PushJob, 'urgent'>,
    now: number,
  ): { until: number; detail: string } | Ending | undefined
  /**
   * Runs `begin` with how a push ends whose user got enough already, or undefined. Pushes of this process to one user
   * come here one after the other, so that two at once do not both count as the last; those of other processes are
   * counted from their record on.
   */
  whenCounted<T>(task: CountedTask, begin: (ending: Ending | undefined) => Promise<T>): Promise<T>
}

interface CountedTask {
  id: string
  templateId: string
  ids: FollowerIds
}

export function createManners(
  { caps, quiet, timezone }: MannersSettings,
  pushes: Pick<PushRows, 'countToUser'>,
): Manners {
  const turns = new Map<string, { turn: Semaphore; waiting: number }>()

  return {
    findQuiet({ urgent }, now) {
      if (quiet === undefined || urgent || !isOpenAt(quiet.window, now, timezone)) return undefined
      const until = findClosing(quiet.window, now, timezone)
      if (quiet.action === 'skip') {
        return {
          status: 'skipped',
          reason: 'quiet',
          detail: 'quiet hours (QUIET_HOURS), and the push is not urgent',
        }
      }
      return {
        until,
        detail: `quiet hours until ${toClock(quiet.window.to)}; a push with urgent: true does not wait`,
      }
    },

    async whenCounted(task, begin) {
      const relevant = caps.filter(({ templateId }) => templateId === '*' || templateId === task.templateId)
      if (relevant.length === 0) return begin(undefined)
      const key = task.ids.openid
      const line = turns.get(key) ?? { turn: createSemaphore(), waiting: 0 }
      turns.set(key, line)
      line.waiting++
      try {
        await line.turn.acquire(1)
        try {
          return await begin(await findReached(relevant, task))
        } finally {
          line.turn.release()
        }
      } finally {
        if (--line.waiting === 0) turns.delete(key)
      }
    },
  }

  async function findReached(
    relevant: readonly PushCap[],
    { id, ids }: CountedTask,
  ): Promise<Ending | undefined> {
    for (const { templateId, most, ms } of relevant) {
      const user = { ...ids, templateId: templateId === '*' ? undefined : templateId }
      if ((await pushes.countToUser(user, Date.now() - ms, id)) < most) continue
      const what = templateId === '*' ? 'messages' : 'messages of this template'
      const detail = `the user got ${most} ${what} within ${toSpan(ms)}, which is the cap (PUSH_CAP)`
      return { status: 'skipped', reason: 'capped', detail }
    }
    return undefined
  }
}

function toSpan(ms: number): string {
  return ms % day === 0 ? `${ms / day} d` : `${ms / hour} h`
}

function toClock(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return `${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

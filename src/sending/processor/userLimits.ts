import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DayWindow, findClosing, isOpenAt } from '../../base/dayWindow.ts'
import { day, hour, second } from '../../base/duration.ts'
import type { PushCap } from '../../base/environment/values.ts'
import { createSemaphore, type Semaphore } from '../../base/semaphore.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import type { Leases } from '../../db/leases/leases.ts'
import type { PushRows } from '../../db/pushes.ts'
import type { PushJob } from '../../queue/job.ts'
import type { Ending } from './end.ts'
import type { FollowerIds } from './resolve.ts'

export interface UserLimitsSettings {
  caps: readonly PushCap[]
  quiet: { window: DayWindow; action: 'wait' | 'skip' } | undefined
  timezone: string
}

/** How often a user is written to at most (PUSH_CAP), and when not (QUIET_HOURS); broadcasts have hours of their own. */
export interface UserLimits {
  /** What becomes of a push in quiet hours; undefined = it may go out now. */
  findQuiet(
    push: Pick<PushJob, 'urgent'>,
    now: number,
  ): { until: number; detail: Sentence } | Ending | undefined
  /**
   * Runs `begin` with how a push ends whose user got enough already, or undefined. Pushes to one user come here one after
   * the other, over all processes, so that two at once do not both count as the last.
   */
  withinCaps<T>(task: CountedTask, begin: (ending: Ending | undefined) => Promise<T>): Promise<T>
}

interface CountedTask {
  id: string
  templateId: string
  ids: FollowerIds
}

interface UserLimitsDeps {
  appid: string
  pushes: Pick<PushRows, 'countToUser'>
  leases: Pick<Leases, 'acquire' | 'release'>
}

/** It takes milliseconds; one that was killed in them holds the pushes to that user up for as long. */
const leaseLife = 10 * second
const leaseLook = 20

export function createUserLimits(
  { caps, quiet, timezone }: UserLimitsSettings,
  { appid, pushes, leases }: UserLimitsDeps,
): UserLimits {
  const owner = randomUUID()
  const turns = new Map<string, { turn: Semaphore; waiting: number }>()

  return {
    findQuiet: ({ urgent }, now) => (urgent ? undefined : findQuietNow({ quiet, timezone }, now)),

    async withinCaps(task, begin) {
      const relevant = findCapsOf(caps, task.templateId)
      if (relevant.length === 0) return begin(undefined)
      const key = task.ids.openid
      const line = turns.get(key) ?? { turn: createSemaphore(), waiting: 0 }
      turns.set(key, line)
      line.waiting++
      try {
        await line.turn.acquire(1)
        try {
          return await alone(key, async () => begin(await findReachedCap(relevant, pushes, task)))
        } finally {
          line.turn.release()
        }
      } finally {
        if (--line.waiting === 0) turns.delete(key)
      }
    },
  }

  /** From the count to the record, which the next one counts. */
  async function alone<T>(openid: string, work: () => Promise<T>): Promise<T> {
    const name = `cap ${appid} ${openid}`
    while (!(await leases.acquire(name, owner, leaseLife))) await sleep(leaseLook)
    try {
      return await work()
    } finally {
      await leases.release(name, owner)
    }
  }
}

/** What becomes of a push that is not urgent; undefined = these are no quiet hours. */
export function findQuietNow(
  { quiet, timezone }: Pick<UserLimitsSettings, 'quiet' | 'timezone'>,
  now: number,
): ReturnType<UserLimits['findQuiet']> {
  if (quiet === undefined || !isOpenAt(quiet.window, now, timezone)) return undefined
  const until = findClosing(quiet.window, now, timezone)
  if (quiet.action === 'skip') {
    return { status: 'skipped', reason: 'quiet', detail: say('outcome.quiet') }
  }
  return { until, detail: say('outcome.quiet_until', { until: toClock(quiet.window.to) }) }
}

export function findCapsOf(caps: readonly PushCap[], sent: string): PushCap[] {
  return caps.filter(({ templateId }) => templateId === '*' || templateId === sent)
}

/** How a push ends whose user got enough already, by the first cap of its template that says so. */
export async function findReachedCap(
  caps: readonly PushCap[],
  pushes: UserLimitsDeps['pushes'],
  { id, ids }: Pick<CountedTask, 'id' | 'ids'>,
): Promise<Ending | undefined> {
  for (const { templateId, most, ms } of caps) {
    const user = { ...ids, templateId: templateId === '*' ? undefined : templateId }
    if ((await pushes.countToUser(user, Date.now() - ms, id)) < most) continue
    const key = templateId === '*' ? 'outcome.capped' : 'outcome.capped_template'
    return { status: 'skipped', reason: 'capped', detail: say(key, { most, span: toSpan(ms) }) }
  }
  return undefined
}

function toSpan(ms: number): Sentence {
  return ms % day === 0 ? say('span.days', { count: ms / day }) : say('span.hours', { count: ms / hour })
}

function toClock(minutes: number): string {
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return `${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}

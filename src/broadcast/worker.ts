import { setTimeout as sleep } from 'node:timers/promises'
import { DelayedError, type Job } from 'bullmq'
import { second } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { Log } from '../base/log.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { Leases } from '../db/leases/leases.ts'
import type { BroadcastAlert } from '../health/alertText.ts'
import type { BroadcastWorker, Sender } from '../push/sender.ts'
import type { PushQueue } from '../queue/backend.ts'
import { broadcastJobSchema } from '../queue/job.ts'
import type { WechatApi } from '../wechat/api.ts'
import { createLeader } from './leader.ts'
import { createLeadership } from './leadership.ts'
import { createTurns, leaseRenewal } from './turn.ts'

interface BroadcastWorkerDeps {
  broadcasts: Broadcasts
  leases: Pick<Leases, 'acquire'>
  api: Pick<WechatApi, 'getQuota'>
  timezone: string
  alert(change: BroadcastAlert): void
  log: Log
}

/** So often this process sees what was paused, cancelled or started elsewhere. */
const lookInterval = 300
const leadInterval = 500
/** A job goes back after so long, so that others get their turn at it. */
const turnLength = second
/** Jobs of broadcasts that work in this process at once, as long as nothing limits them: one fills what another leaves. */
const turnsAtOnce = 3

/** Works off the broadcasts of one account in this process, with others if there are any. */
export function createBroadcastWorker(
  { broadcasts, leases, api, timezone, alert, log }: BroadcastWorkerDeps,
  sender: Sender,
  queue: Pick<PushQueue, 'addBulk'>,
): BroadcastWorker {
  /** Those that are open, as they were at the last look. */
  let open = new Map<string, BroadcastRow>()
  const stops: (() => void)[] = []
  let isStopped = false
  let turns = 0
  const leader = createLeader({ broadcasts, api, timezone, alert, isStopped: () => isStopped, log })
  const leadAll = createLeadership({ broadcasts, leases, leader, sender, queue, isStopped: () => isStopped })
  const turn = createTurns({
    broadcasts,
    sender,
    isRunning: (id) => open.get(id)?.status === 'running',
    saw: (row) => open.set(row.id, row),
    checkFailures: leader.checkFailures,
    pause: (row, detail) => leader.pause(row, 'failures', detail),
    isStopped: () => isStopped,
  })

  return {
    start() {
      const warn = (error: unknown) => log.warn({ err: error }, 'broadcasts could not be looked after')
      stops.push(
        every(lookInterval, look, warn),
        every(leadInterval, leadAll, warn),
        every(leaseRenewal, turn.renew, warn),
      )
    },
    stop() {
      isStopped = true
      for (const stop of stops.splice(0)) stop()
    },
    countAtHand: () =>
      [...open.values()].filter(({ status }) => status === 'running').length * sender.concurrency(),

    async handle(job, token) {
      const { data } = broadcastJobSchema.safeParse(job.data)
      if (!data) return
      if (turns >= turnsAtOnce && !sender.isOneByOne()) return giveBack(job, second, token)
      turns += 1
      try {
        const again = await work(data.broadcast)
        if (again !== undefined) await giveBack(job, again, token)
      } finally {
        turns -= 1
      }
    },
  }

  /** Milliseconds until the job is worth another turn; undefined = it has nothing to do. */
  async function work(id: string): Promise<number | undefined> {
    const until = Date.now() + turnLength
    try {
      do {
        if (!sender.mayTry()) return second
        const end = await turn.take(id)
        if (end.kind === 'idle') return undefined
        if (end.kind === 'wait') {
          const wait = Math.max(1, Math.ceil(end.until - Date.now()))
          if (sender.isOneByOne() || Date.now() + wait > until) return wait
          await sleep(wait)
        }
      } while (!sender.isOneByOne() && Date.now() < until && !isStopped)
      return 0
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      sender.noteDatabaseError(error)
      return 5 * second
    }
  }

  async function look(): Promise<void> {
    const rows = await broadcasts.listOpen()
    open = new Map(rows.map((row) => [row.id, row]))
  }
}

async function giveBack(job: Job, delay: number, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now() + delay, token)
  throw new DelayedError()
}

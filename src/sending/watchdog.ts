import { second } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { PushQueue } from '../queue/backend.ts'

/** How long a worker may take no job although some are waiting, and the server may leave a question unanswered. */
const patience = 15 * second
const interval = 5 * second
/** While nothing is wrong every third look will do: each of them costs commands. */
const calmLooks = 3

interface WatchdogDeps {
  queue: Pick<PushQueue, 'getJobCounts'>
  /** Whether the worker has taken no job since it was asked last. */
  isIdle(): boolean
  mayTakeJobs(): Promise<{ ok: boolean }>
  rebuild(): void
  /** Gives up a connection that is open and answers nothing. */
  reconnect(): void
}

export interface Watchdog {
  stop(): void
}

/**
 * BullMQ's workers have stayed dead after their Redis was back; this one notices and has another one made. It also
 * notices a connection that a firewall forgot: nobody ever closes that one, and every call on it waits for ever.
 */
export function startWatchdog({ queue, isIdle, mayTakeJobs, rebuild, reconnect }: WatchdogDeps): Watchdog {
  /** In a row, because a process that stood still does not know how long anything took. */
  let idleLooks = 0
  let askedAt: number | undefined
  let looks = 0

  async function look(): Promise<void> {
    const { waiting = 0, prioritized = 0 } = await queue.getJobCounts('waiting', 'prioritized')
    const hasWork = waiting + prioritized > 0 && (await mayTakeJobs()).ok
    // Asked last: it may have taken a job meanwhile, which must not lose its worker.
    idleLooks = hasWork && isIdle() ? idleLooks + 1 : 0
    if (idleLooks <= patience / interval) return
    idleLooks = 0
    rebuild()
  }

  const tick = () => {
    if (askedAt !== undefined) {
      if (Date.now() - askedAt < patience) return
      reconnect()
      askedAt = Date.now()
      return
    }
    looks += 1
    if (idleLooks === 0 && looks % calmLooks !== 0) return
    askedAt = Date.now()
    look()
      .catch(() => {
        idleLooks = 0
      })
      .finally(() => {
        askedAt = undefined
      })
  }
  return { stop: every(interval, tick) }
}

import { minute, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'

/** What a worker cannot do its work without. */
export type Need = 'queue' | 'database' | 'wechat'

interface Outage {
  detail: string
  since: number
  /** How often the breaker was closed since it last worked. */
  closures: number
  timer: NodeJS.Timeout | undefined
}

export interface CircuitBreaker {
  /** Logs that something failed, once per outage. */
  note(need: Need, detail: string): void
  /** Takes no jobs for a while: 1 s, and twice as long each time it fails again, up to 30 s. */
  close(need: Need, detail: string): void
  /** It works. Costs nothing while nothing is wrong. */
  pass(need: Need): void
  /** With a need: whether it is the one that keeps it closed. */
  isClosed(need?: Need): boolean
  /** Open after an outage of WeChat, of which nobody knows whether it is over: one try at a time. */
  isTrial(): boolean
  stop(): void
}

/** Times are epoch milliseconds. */
export interface Wait {
  detail: string
  since: number
  until: number
}

interface CircuitBreakerDeps {
  pause(): void
  /** Jobs may be taken, while it is a trial one at a time. */
  resume(isTrial: boolean): void
  /** Whether WeChat answers a call that has no effect. */
  probe(): Promise<boolean>
  /** What jobs wait for, to be believed until then; `undefined` when it works again. */
  report(need: Need, wait: Wait | undefined): void
  log: Log
}

const longestClosure = 30 * second
const quietTime = 10 * second
/** What a probe may take, and a try after it. */
const reportTolerance = 2 * minute

/**
 * Keeps a worker from taking jobs that it cannot work on now, and lets it try again by itself. WeChat is asked first
 * whether it answers again, so that no push is put in doubt for it.
 */
export function createCircuitBreaker({
  pause,
  resume,
  probe,
  report,
  log,
}: CircuitBreakerDeps): CircuitBreaker {
  const outages = new Map<Need, Outage>()
  const loggedAt = new Map<Need, number>()
  let isStopped = false
  const isClosed = (need?: Need) =>
    [...outages].some(([name, { timer }]) => timer !== undefined && (need === undefined || name === need))
  const isTrial = () => outages.has('wechat') && !isClosed('wechat')

  function note(need: Need, detail: string): Outage {
    const known = outages.get(need)
    if (known) return known
    const outage: Outage = { detail, since: Date.now(), closures: 0, timer: undefined }
    outages.set(need, outage)
    if (Date.now() - (loggedAt.get(need) ?? 0) > quietTime) {
      log.warn({ need, detail }, `the ${need} fails: sending waits for it`)
      loggedAt.set(need, Date.now())
    }
    return outage
  }

  function shut(need: Need, outage: Outage): void {
    const delay = Math.min(longestClosure, second * 2 ** outage.closures)
    outage.timer = setTimeout(() => reopen(need, outage), delay)
    outage.closures += 1
    const { detail, since } = outage
    report(need, { detail, since, until: Date.now() + delay + reportTolerance })
  }

  async function reopen(need: Need, outage: Outage): Promise<void> {
    // Closed until the answer is there.
    if (need === 'wechat' && !(await probe()) && !isStopped) return shut(need, outage)
    outage.timer = undefined
    if (!isStopped && !isClosed()) resume(isTrial())
  }

  return {
    note,
    close(need, detail) {
      const outage = note(need, detail)
      if (outage.timer !== undefined) return
      shut(need, outage)
      pause()
    },
    pass(need) {
      if (outages.size === 0 || outages.get(need)?.timer !== undefined) return
      const wasTrial = isTrial()
      const outage = outages.get(need)
      if (!outage) return
      outages.delete(need)
      if (outage.closures > 0) report(need, undefined)
      log.info({ need }, `the ${need} works again`)
      if (wasTrial && !isTrial() && !isClosed()) resume(false)
    },
    isClosed,
    isTrial,
    stop() {
      isStopped = true
      for (const [need, { closures, timer }] of outages) {
        clearTimeout(timer)
        if (closures > 0) report(need, undefined)
      }
    },
  }
}

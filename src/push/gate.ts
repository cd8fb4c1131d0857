import { second } from '../duration.ts'
import type { Log } from '../log.ts'

/** What a worker cannot do its work without. */
export type Need = 'queue' | 'database' | 'wechat'

interface Outage {
  /** How often the gate was closed since it last worked. */
  closures: number
  timer: NodeJS.Timeout | undefined
}

export interface Gate {
  /** Logs that something failed, once per outage. */
  note(need: Need, detail: string): void
  /** Takes no jobs for a while: 1 s, and twice as long each time it fails again, up to 30 s. */
  close(need: Need, detail: string): void
  /** It works. Costs nothing while nothing is wrong. */
  pass(need: Need): void
  isClosed(): boolean
  stop(): void
}

interface GateDeps {
  pause(): void
  resume(): void
  log: Log
}

const longestClosure = 30 * second
const quietTime = 10 * second

/** Keeps a worker from taking jobs that it cannot work on now, and lets it try again by itself. */
export function createGate({ pause, resume, log }: GateDeps): Gate {
  const outages = new Map<Need, Outage>()
  const loggedAt = new Map<Need, number>()
  const isClosed = () => [...outages.values()].some(({ timer }) => timer !== undefined)

  function note(need: Need, detail: string): Outage {
    const known = outages.get(need)
    if (known) return known
    const outage: Outage = { closures: 0, timer: undefined }
    outages.set(need, outage)
    if (Date.now() - (loggedAt.get(need) ?? 0) > quietTime) {
      log.warn({ need, detail }, `the ${need} fails: sending waits for it`)
      loggedAt.set(need, Date.now())
    }
    return outage
  }

  return {
    note,
    close(need, detail) {
      const outage = note(need, detail)
      if (outage.timer !== undefined) return
      const open = () => {
        outage.timer = undefined
        if (!isClosed()) resume()
      }
      outage.timer = setTimeout(open, Math.min(longestClosure, second * 2 ** outage.closures))
      outage.closures += 1
      pause()
    },
    pass(need) {
      if (outages.size === 0 || outages.get(need)?.timer !== undefined) return
      if (outages.delete(need)) log.info({ need }, `the ${need} works again`)
    },
    isClosed,
    stop() {
      for (const { timer } of outages.values()) clearTimeout(timer)
    },
  }
}

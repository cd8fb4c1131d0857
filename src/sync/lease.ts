import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../base/duration.ts'
import { every } from '../base/every.ts'
import type { Log } from '../base/log.ts'
import { type Sentence, say } from '../base/sentences/sentence.ts'
import type { Leases } from '../db/leases/leases.ts'

const life = 30 * second
const renewal = 5 * second
const look = 250

export interface HeldLease {
  name: string
  owner: string
  /** Aborted once another process has taken the lease, because this one was frozen for longer than it lives. */
  lost: AbortSignal
  release(): Promise<void>
}

interface LeaseOptions {
  leases: Leases
  name: string
  log: Log
  signal: AbortSignal
  /** Told once, with a sentence, when there is something to wait for. */
  onWait: (sentence: Sentence) => void
}

/**
 * Takes the lease, waiting at most its life of 30 s for a holder that was killed; a holder that lives renews it every 5 s,
 * and then the answer is who that is.
 */
export async function holdLease({
  leases,
  name,
  log,
  signal,
  onWait,
}: LeaseOptions): Promise<HeldLease | { heldBy: string }> {
  const owner = `${hostname()} pid ${process.pid} ${randomUUID().slice(0, 8)}`
  const first = await leases.find(name)
  let hasWaited = false
  while (!(await leases.acquire(name, owner, life))) {
    const now = await leases.find(name)
    if (now && (signal.aborted || now.owner !== first?.owner || now.until !== first.until)) {
      return { heldBy: now.owner }
    }
    if (!hasWaited) onWait(say('sync.waiting', { owner: now?.owner ?? 'gone' }))
    hasWaited = true
    await sleep(look)
  }
  const lost = new AbortController()
  const renew = async () => {
    if (!(await leases.renew(name, owner, life))) lost.abort()
  }
  const stopRenewing = every(renewal, renew, (error) =>
    log.warn({ err: error, lease: name }, 'lease could not be renewed'),
  )
  return {
    name,
    owner,
    lost: lost.signal,
    async release() {
      stopRenewing()
      await leases.release(name, owner)
    },
  }
}

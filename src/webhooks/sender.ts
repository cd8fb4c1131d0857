import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProxyConfig, WebhookConfig } from '../base/config.ts'
import { second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createOutage } from '../base/outage.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { Leases } from '../db/leases/leases.ts'
import type { Webhooks } from '../db/webhooks/webhooks.ts'
import type { WebhookResult } from './deliver.ts'
import type { MessageStyle } from './message.ts'
import { createPoster } from './post.ts'
import { createTurn } from './turn.ts'

/** Held by the one process that posts. */
export const webhookLease = 'webhooks'
/** A process that was killed keeps its lease as long. */
const leaseLife = 10 * second
const renewal = 3 * second
/** Between two looks at what is to be told; nobody waits for it. */
const rest = 100
const patienceAtEnd = 3 * second

export interface WebhookSenderDeps extends MessageStyle {
  webhooks: Webhooks
  leases: Pick<Leases, 'acquire' | 'release'>
  proxy: ProxyConfig
  /** One message was posted. */
  count(result: WebhookResult): void
  /** Nothing is posted any more until somebody turns it on again. */
  onOff(detail: string): void
  log: Log
}

/** Posts what is stored to be told, in one process of all, until the returned function is called. */
export function startWebhookSender(config: WebhookConfig, deps: WebhookSenderDeps): () => Promise<void> {
  const { leases, log } = deps
  const owner = `${hostname()} pid ${process.pid} ${randomUUID().slice(0, 8)}`
  const stop = new AbortController()
  const end = new AbortController()
  const poster = createPoster(config, deps.proxy)
  const turn = createTurn({ ...deps, poster, signal: end.signal })
  const outage = createOutage<unknown>({
    onFail: (error) => log.error({ err: error }, 'webhooks wait for the database'),
    onPass: () => log.info('webhooks go on'),
  })
  let heldUntil = 0

  async function holdsLease(): Promise<boolean> {
    const now = performance.now()
    if (now < heldUntil - leaseLife + renewal) return true
    const wasHeld = now < heldUntil
    if (!(await leases.acquire(webhookLease, owner, leaseLife))) {
      heldUntil = 0
      return false
    }
    if (!wasHeld) await turn.begin()
    heldUntil = now + leaseLife
    return true
  }

  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      let pause = rest
      try {
        if (await holdsLease()) await turn.take()
        else pause = renewal / 2
        outage.pass()
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        outage.fail(error)
        pause = second
      }
      if (!stop.signal.aborted) await turn.rest(pause)
    }
  }

  const working = work().catch((error) => log.error({ err: error }, 'unexpected error in the webhook sender'))
  return async () => {
    stop.abort()
    turn.wake()
    await working
    const patience = new AbortController()
    const late = sleep(patienceAtEnd, undefined, { signal: patience.signal }).then(() => end.abort())
    await turn.idle()
    patience.abort()
    await late.catch(() => {})
    poster.close()
    // What is left runs out by itself.
    if (heldUntil > 0) await leases.release(webhookLease, owner).catch(() => {})
  }
}

import { minute } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createOutage } from '../base/outage.ts'
import type { WebhookDelivery, Webhooks } from '../db/webhooks/webhooks.ts'
import type { createHeldBack } from './heldBack.ts'
import type { WebhookMessage } from './message.ts'
import type { Poster } from './post.ts'
import type { createReceiverState } from './receiverState.ts'
import { findNextTry } from './schedule.ts'

export type WebhookResult = 'delivered' | 'failed' | 'given_up'

export interface DeliverDeps {
  webhooks: Webhooks
  poster: Poster
  held: ReturnType<typeof createHeldBack>
  receiver: ReturnType<typeof createReceiverState>
  /** One message was posted. */
  count(result: WebhookResult): void
  /** Nothing is posted any more until somebody turns it on again. */
  onOff(detail: string): void
  /** Aborted when the program can wait no longer. */
  signal: AbortSignal
  log: Log
}

/** Posts one message and writes down what became of it. What rejects was not written, and is posted again. */
export function createDeliverer(deps: DeliverDeps) {
  const { webhooks, poster, held, receiver, count, signal, log } = deps
  let succeededAt = Number.NEGATIVE_INFINITY
  const outage = createOutage<string>({
    onFail: (error) => log.warn({ error }, 'webhook was not taken, it is tried again'),
    onPass: () => log.info('webhooks are taken again'),
  })

  async function pass(now: number): Promise<void> {
    count('delivered')
    outage.pass()
    if (receiver.pass()) await webhooks.hasten(now)
    if (now - succeededAt < minute) return
    succeededAt = now
    await webhooks.recordSuccess(now)
  }

  function fail(error: string, now: number): void {
    count('failed')
    receiver.fail(now)
    outage.fail(error)
  }

  async function giveUp({ id, firstAt }: Pick<WebhookDelivery, 'id' | 'firstAt'>, detail: string) {
    count('given_up')
    log.error({ webhook: id, error: detail }, 'webhook was given up')
    const endpoint = await webhooks.findEndpoint()
    // Who takes other messages has something against this one.
    if ((endpoint?.succeededAt ?? 0) >= firstAt) return
    await webhooks.switchOff(Date.now(), detail)
    log.error({ error: detail }, 'webhooks are switched off: unionpush webhooks enable turns them on again')
    deps.onOff(detail)
  }

  return {
    /** For the first time. True when what became of it is written. */
    async deliver({ id, type, body, keys, changes }: WebhookMessage): Promise<boolean> {
      const error = await poster.post({ id, body }, signal)
      // Nobody knows whether it arrived, and its changes are still there.
      if (error !== undefined && signal.aborted) return false
      const now = Date.now()
      if (error === undefined) {
        await webhooks.dropChanges(changes)
        await pass(now)
        return true
      }
      fail(error, now)
      const failed = { id, type, body, keys: JSON.stringify(keys), attempts: 1, firstAt: now }
      await webhooks.keep({ ...failed, nextAt: findNextTry(1, now, now), lastError: error }, changes)
      held.keep(id)
      return true
    },

    /** True when it holds nothing back any more. */
    async retry({ id, body, attempts: before, firstAt }: WebhookDelivery): Promise<boolean> {
      const error = await poster.post({ id, body }, signal)
      if (error !== undefined && signal.aborted) return false
      const now = Date.now()
      if (error === undefined) {
        await webhooks.drop(id)
        await pass(now)
        return true
      }
      fail(error, now)
      const attempts = before + 1
      const nextAt = findNextTry(attempts, firstAt, now)
      await webhooks.recordTry({ id, attempts, firstAt, nextAt, lastError: error })
      if (nextAt === null) await giveUp({ id, firstAt }, error)
      return nextAt === null
    },
  }
}

import { second } from '../base/duration.ts'
import { createDeliverer, type DeliverDeps } from './deliver.ts'
import { createNewDeliveries } from './deliverNew.ts'
import { createHeldBack } from './heldBack.ts'
import type { MessageStyle } from './message.ts'
import { createReceiverState } from './receiverState.ts'
import { createUnderWay } from './underWay.ts'

/** Messages under way at the same time. */
const concurrency = 4
const lookInterval = second

type TurnDeps = Omit<DeliverDeps, 'held' | 'receiver'> & MessageStyle

/** Hands out what is to be posted: what failed before when it is due, then what is new. */
export function createTurn(deps: TurnDeps) {
  const { webhooks, log } = deps
  const held = createHeldBack()
  const receiver = createReceiverState()
  const underWay = createUnderWay(log)
  const { deliver, retry } = createDeliverer({ ...deps, held, receiver })
  const countFree = () => receiver.mayPost(Date.now(), concurrency) - underWay.count()
  const fresh = createNewDeliveries({ ...deps, held, underWay, deliver, countFree })
  const retried = new Set<string>()
  let lookedAt = Number.NEGATIVE_INFINITY
  let isOn = false

  /** On PostgreSQL changes are seen in another order than they are numbered. */
  async function look(): Promise<void> {
    const now = performance.now()
    if (underWay.count() === 0 && held.size() === 0) fresh.startOver()
    if (now - lookedAt < lookInterval) return
    lookedAt = now
    fresh.startOver()
    const endpoint = await webhooks.findEndpoint()
    isOn = endpoint !== undefined && endpoint.offAt === null
  }

  async function retryDue(): Promise<void> {
    const free = countFree()
    if (free <= 0) return
    // The answer of a database across a network may still have what ends while it travels.
    const before = new Set(retried)
    const due = await webhooks.findDue(Date.now(), free + before.size)
    for (const delivery of due.filter(({ id }) => !before.has(id)).slice(0, free)) {
      const { id } = delivery
      retried.add(id)
      underWay.run(retry(delivery), (isSettled) => {
        retried.delete(id)
        if (!isSettled) return
        // In one step: a later change must not go before one that was held back.
        held.release(id)
        fresh.startOver()
      })
    }
  }

  return {
    /** Before the first turn, and whenever another process may have had them since. */
    async begin(): Promise<void> {
      await underWay.idle()
      held.reset(await webhooks.findWaiting())
      lookedAt = Number.NEGATIVE_INFINITY
    },
    async take(): Promise<void> {
      await look()
      if (!isOn) return
      await retryDue()
      await fresh.take()
    },
    rest: underWay.rest,
    wake: underWay.wake,
    idle: underWay.idle,
  }
}

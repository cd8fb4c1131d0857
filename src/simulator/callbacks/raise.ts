import type { createCallbackDelivery } from './delivery.ts'
import type { RaisedEvent, SimulatedEvent } from './event.ts'
import { createOrder } from './order.ts'
import type { CallbackRule } from './rule.ts'
import type { createCallbackRules } from './rules.ts'
import type { createCallbackStats } from './stats.ts'
import type { createTimers } from './timers.ts'

interface RaiseDeps {
  rules: Pick<ReturnType<typeof createCallbackRules>, 'pick'>
  delivery: Pick<ReturnType<typeof createCallbackDelivery>, 'settings' | 'post'>
  stats: ReturnType<typeof createCallbackStats>
  timers: Pick<ReturnType<typeof createTimers>, 'start'>
  /** Epoch milliseconds. */
  clock: () => number
  /** Hears of every event that is going to be posted. */
  onRaised(event: RaisedEvent): void
}

/** What is usual for an event. */
export interface EventDefaults {
  delayMs?: number
  templateId?: string
}

/** The way of one event: what a script makes of it, its time and place in the order, the posts. */
export function createRaise({ rules, delivery, stats, timers, clock, onRaised }: RaiseDeps) {
  const order = createOrder(timers)
  const settledListeners = new Set<() => void>()

  return {
    /** Resolves when the event has ended; undefined when nobody has to wait for that. */
    raise(
      caused: SimulatedEvent,
      { delayMs = 0, templateId }: EventDefaults = {},
    ): Promise<void> | undefined {
      if (!delivery.settings()) return undefined
      const rule = rules.pick({ event: caused, templateId }) ?? {}
      if (rule.never) return undefined
      const usualDelay = rule.beforeAnswer ? 0 : delayMs
      const event: RaisedEvent = {
        ...caused,
        ...(rule.status !== undefined && { status: rule.status }),
        ...(rule.withoutMsgid && { msgid: '0' }),
        at: clock() + usualDelay,
        posts: 0,
        outcome: 'pending',
      }
      onRaised(event)
      stats.of(event.event).raised++
      stats.state.pending++
      const ended = bring(event, rule, usualDelay + (rule.delayMs ?? 0)).then(noteEnd)
      return rule.beforeAnswer ? ended : undefined
    },

    async untilSettled(): Promise<void> {
      if (stats.state.pending > 0) await new Promise<void>((resolve) => settledListeners.add(resolve))
    },
  }

  async function bring(event: RaisedEvent, rule: CallbackRule, delayMs: number): Promise<void> {
    const { overtakenBy = 0, copies = 0 } = rule
    if (delayMs > 0) await timers.start(delayMs).over
    if (overtakenBy > 0) await order.untilOvertaken(overtakenBy)
    const post = async () => {
      const isAcknowledged = await delivery.post(event, copies)
      event.outcome = isAcknowledged ? 'acknowledged' : 'dropped'
      if (isAcknowledged) order.noteAcknowledged()
    }
    if (event.event === 'TEMPLATESENDJOBFINISH') await post()
    else await order.afterOthersOf(event.openid, post)
  }

  function noteEnd(): void {
    stats.state.pending--
    if (stats.state.pending > 0) return
    for (const tell of settledListeners) tell()
    settledListeners.clear()
  }
}

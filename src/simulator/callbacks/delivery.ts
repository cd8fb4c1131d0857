import { createSemaphore } from '../../base/semaphore.ts'
import type { RaisedEvent } from './event.ts'
import type { Exchanged, ExchangeOptions } from './exchange.ts'
import type { SealedMessage } from './message.ts'
import type { CallbackSettings } from './settings.ts'
import type { createCallbackStats } from './stats.ts'

interface DeliveryDeps {
  /** Epoch milliseconds. */
  clock: () => number
  seal: (event: RaisedEvent, settings: CallbackSettings) => SealedMessage
  exchange: (url: string, options: ExchangeOptions) => Promise<Exchanged>
  wait: (ms: number) => Promise<void>
  stats: ReturnType<typeof createCallbackStats>
}

const triesPerEvent = 3
const acknowledgements = ['success', '']

/** Posts events by WeChat's rules: so many at once, three tries, a pause for a server that keeps failing. */
export function createCallbackDelivery({ clock, seal, exchange, wait, stats }: DeliveryDeps) {
  let settings: CallbackSettings | undefined
  let failedInRow = 0
  let pausedUntil = 0
  const semaphore = createSemaphore()

  const isPaused = () => clock() < pausedUntil

  function noteFailure({ pauseAfter, pauseMs }: CallbackSettings): void {
    // Posts that were under way when the pause began do not make it longer.
    if (pauseMs === 0 || isPaused() || ++failedInRow < pauseAfter) return
    failedInRow = 0
    pausedUntil = clock() + pauseMs
    stats.state.pauses++
  }

  /** Whether one of the tries was acknowledged; all of them and all copies post the same bytes. */
  async function tryToPost(event: RaisedEvent, toMessage: (settings: CallbackSettings) => SealedMessage) {
    const counts = stats.of(event.event)
    for (let tries = 0; tries < triesPerEvent; tries++) {
      if (tries > 0) await wait(settings?.retryDelayMs ?? 0)
      // A change in the console takes effect at once.
      const current = settings
      if (!current || isPaused()) return false
      if (tries > 0) counts.retries++
      counts.posts++
      event.posts++
      const { target, body } = toMessage(current)
      const result = await exchange(target, {
        timeoutMs: current.timeoutMs,
        body,
        expected: acknowledgements,
      })
      if ('ms' in result) {
        failedInRow = 0
        stats.recordLatency(result.ms)
        return true
      }
      stats.state.lastProblem = result.problem
    }
    if (settings) noteFailure(settings)
    return false
  }

  return {
    isPaused,
    settings: () => settings,

    set(next: CallbackSettings | undefined): void {
      settings = next
      failedInRow = 0
      pausedUntil = 0
    },

    /** Posts the event and its copies side by side; whether at least one was acknowledged. */
    async post(event: RaisedEvent, copies: number): Promise<boolean> {
      const counts = stats.of(event.event)
      let sealed: { by: CallbackSettings; message: SealedMessage } | undefined
      const toMessage = (by: CallbackSettings) => {
        if (sealed?.by !== by) sealed = { by, message: seal(event, by) }
        return sealed.message
      }
      async function postOne(): Promise<boolean> {
        await semaphore.acquire(settings?.concurrency ?? 1)
        const isAcknowledged = await tryToPost(event, toMessage)
        semaphore.release()
        counts[isAcknowledged ? 'acknowledged' : 'dropped']++
        return isAcknowledged
      }
      counts.copies += copies
      const outcomes = await Promise.all(Array.from({ length: 1 + copies }, postOne))
      return outcomes.includes(true)
    },
  }
}

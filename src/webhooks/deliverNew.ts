import { toPushKey, type WebhookChange, type Webhooks } from '../db/webhooks/webhooks.ts'
import type { createHeldBack } from './heldBack.ts'
import { type MessageStyle, mostPushes, toMessages, type WebhookMessage } from './message.ts'
import type { createUnderWay } from './underWay.ts'

/** Messages not taken and still tried, beyond which there is nothing new to be tried with. */
const mostFailed = 1_000

export interface NewDeliveriesDeps extends MessageStyle {
  webhooks: Pick<Webhooks, 'findChanges'>
  held: ReturnType<typeof createHeldBack>
  underWay: ReturnType<typeof createUnderWay>
  /** True when what became of it is written. */
  deliver(message: WebhookMessage): Promise<boolean>
  /** How many more messages may be under way. */
  countFree(): number
}

/** Hands out what was not tried yet, in the order of each push. */
export function createNewDeliveries(deps: NewDeliveriesDeps) {
  const { webhooks, held, underWay, deliver, countFree } = deps
  /** The numbers of changes under way, with their pushes. */
  const inProgress = new Map<number, string>()
  /** All changes up to here are under way, held back or told. */
  let cursor = 0
  /** The first of those that wait for one under way. */
  let waitsFrom = Number.POSITIVE_INFINITY

  const isFree = (change: WebhookChange) =>
    !inProgress.has(change.n) && !(change.key !== null && held.has(toPushKey(change)))

  /** Those that can be posted now, and those that cannot yet. */
  async function find(limit: number) {
    const from = cursor
    // The answer of a database across a network may still have what ends while it travels.
    const before = new Map(inProgress)
    const pushesBefore = new Set(before.values())
    const changes = await webhooks.findChanges(from, limit)
    const waiting = changes.filter(({ n }) => !before.has(n))
    return {
      isLast: changes.length < limit,
      free: waiting.filter((change) => isFree(change) && !pushesBefore.has(toPushKey(change))),
      /** When the free ones are under way. */
      goOn() {
        const later = waiting.find((one) => !inProgress.has(one.n) && held.isUnderWay(toPushKey(one)))
        if (later) waitsFrom = Math.min(waitsFrom, later.n)
        // What found no place in a message comes first in the next turn.
        const left = waiting.find(isFree)
        const next = left ? left.n - 1 : (changes.at(-1)?.n ?? from)
        // What ended meanwhile may have set it back.
        cursor = cursor === from ? next : Math.min(cursor, next)
      },
    }
  }

  function start(message: WebhookMessage): void {
    const { id, keys, changes } = message
    for (const change of changes) inProgress.set(change.n, toPushKey(change))
    held.add(id, keys)
    underWay.run(deliver(message), (isWritten) => {
      for (const { n } of changes) inProgress.delete(n)
      if (!held.isKept(id)) held.release(id)
      cursor = isWritten ? Math.min(cursor, waitsFrom - 1) : 0
      waitsFrom = Number.POSITIVE_INFINITY
    })
  }

  return {
    /** Numbers may begin anew when nothing is left, and what was held back may be free. */
    startOver(): void {
      cursor = 0
    },
    async take(): Promise<void> {
      for (;;) {
        const places = countFree()
        if (places <= 0 || held.size() >= mostFailed) return
        // No more than finds a place, or most of it is read again in the next turn (bench: webhooks).
        const { free, isLast, goOn } = await find(places * mostPushes)
        const messages = toMessages(free, deps).slice(0, places)
        for (const message of messages) start(message)
        goOn()
        if (messages.length > 0 || isLast) return
      }
    },
  }
}

import { second } from '../base/duration.ts'
import { toPushKey, type WebhookChange } from '../db/webhooks/webhooks.ts'
import { createDeliverer, type DeliverDeps } from './deliver.ts'
import { createHeldBack } from './heldBack.ts'
import { type MessageStyle, mostPushes, toMessages, type WebhookMessage } from './message.ts'
import { createReceiverState } from './receiverState.ts'
import { createUnderWay } from './underWay.ts'

/** Messages under way at the same time. */
const concurrency = 4
/** Messages not taken and still tried, beyond which there is nothing new to be tried with. */
const mostFailed = 1_000
const lookInterval = second

type TurnDeps = Omit<DeliverDeps, 'held' | 'receiver'> & MessageStyle

/** Hands out what is to be posted: what failed before when it is due, then what is new, in the order of each push. */
export function createTurn(deps: TurnDeps) {
  const { webhooks, log } = deps
  const held = createHeldBack()
  const receiver = createReceiverState()
  const underWay = createUnderWay(log)
  const { deliver, retry } = createDeliverer({ ...deps, held, receiver })
  /** The numbers of changes under way, with their pushes. */
  const taken = new Map<number, string>()
  const retried = new Set<string>()
  /** All changes up to here are under way, held back or told. */
  let cursor = 0
  /** The first of those that wait for one under way. */
  let waitsFrom = Number.POSITIVE_INFINITY
  let lookedAt = Number.NEGATIVE_INFINITY
  let isOn = false

  const countFree = () => receiver.mayPost(Date.now(), concurrency) - underWay.count()
  const isHeld = (change: WebhookChange) => change.key !== null && held.has(toPushKey(change))

  /** Numbers may begin anew when nothing is left, and on PostgreSQL they are seen in another order than they are given. */
  async function look(): Promise<void> {
    const now = performance.now()
    if (underWay.count() === 0 && held.size() === 0) cursor = 0
    if (now - lookedAt < lookInterval) return
    lookedAt = now
    cursor = 0
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
        cursor = 0
      })
    }
  }

  async function deliverNew(): Promise<void> {
    for (;;) {
      const free = countFree()
      if (free <= 0 || held.size() >= mostFailed) return
      // No more than finds a place, or most of it is read again in the next turn (bench: webhooks).
      const limit = free * mostPushes
      const from = cursor
      const before = new Map(taken)
      const pushesBefore = new Set(before.values())
      const changes = await webhooks.findChanges(from, limit)
      const isFree = (change: WebhookChange) =>
        !before.has(change.n) && !taken.has(change.n) && !isHeld(change)
      // Of a push that was under way when they were asked for, some may be told by now: they are read once more.
      const told = changes.filter((change) => isFree(change) && !pushesBefore.has(toPushKey(change)))
      const messages = toMessages(told, deps).slice(0, free)
      for (const message of messages) start(message)
      const later = changes.find((one) => !taken.has(one.n) && held.isUnderWay(toPushKey(one)))
      if (later) waitsFrom = Math.min(waitsFrom, later.n)
      // What found no place in a message comes first in the next turn.
      const left = changes.find(isFree)
      const next = left ? left.n - 1 : (changes.at(-1)?.n ?? from)
      // What ended meanwhile may have set it back.
      cursor = cursor === from ? next : Math.min(cursor, next)
      if (messages.length > 0 || changes.length < limit) return
    }
  }

  function start(message: WebhookMessage): void {
    const { id, keys, changes } = message
    for (const change of changes) taken.set(change.n, toPushKey(change))
    held.add(id, keys)
    underWay.run(deliver(message), (isWritten) => {
      for (const { n } of changes) taken.delete(n)
      if (!held.isKept(id)) held.release(id)
      cursor = isWritten ? Math.min(cursor, waitsFrom - 1) : 0
      waitsFrom = Number.POSITIVE_INFINITY
    })
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
      await deliverNew()
    },
    rest: underWay.rest,
    wake: underWay.wake,
    idle: underWay.idle,
  }
}

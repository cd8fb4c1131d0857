import { setTimeout as sleep } from 'node:timers/promises'
import { minute, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createOutage } from '../base/outage.ts'
import type { CallbackEvents, EventProgress, StoredEvent } from '../db/callbackEvents.ts'
import type { Database, Write } from '../db/database.ts'
import type { LiveFollowers } from '../db/liveFollowers.ts'
import type { Receipts } from '../db/receipts.ts'
import type { FollowerCheck } from './checkFollower.ts'
import { toReceiptOutcome } from './event.ts'
import { planReceipts, planUnmatched, type ReceiptCounts } from './receipts.ts'
import { createLoopWakeup } from './wakeup.ts'

export interface EventWorker {
  /** Says that an event was stored. */
  wake(): void
  /** What became of receipts since the start. */
  receiptCounts: Readonly<ReceiptCounts>
  /** Works off what is stored and due, for a while at most; the next start goes on with the rest. */
  stop(): Promise<void>
}

interface EventWorkerDeps {
  /** The service account. */
  appid: string
  db: Pick<Database, 'write'>
  events: CallbackEvents
  live: LiveFollowers
  receipts: Receipts
  checkFollower: FollowerCheck
  /** Sends once more what a receipt says WeChat failed to deliver; absent = that is not wanted. */
  resendFailed?: ((event: StoredEvent) => Promise<number | null>) | undefined
  log: Log
  now?: () => number
  /** How long a stop may work off what is stored, in milliseconds. */
  stopPatience?: number
}

const batchSize = 500
const followUpsAtOnce = 10
const pollEvery = second
/** Milliseconds in which the events of a storm come together: one commit for all of them leaves room for the answers. */
const gatherFor = 20

/** WeChat's times are compared with each other, so that small differences between its clock and ours do not matter. */
const clockSkew = 5 * minute

/** An event that is dated ahead counts as of its arrival: nothing that comes later must look older. */
function toBelievedTime({ at, receivedAt }: StoredEvent): number {
  return at - receivedAt > clockSkew ? receivedAt - (receivedAt % second) : at
}

/**
 * Works off the stored events of one account, beginning with what an earlier process left. Each effect can be written
 * twice and in any order, so that a crash costs nothing and several processes may share a database.
 */
export function startEventWorker(deps: EventWorkerDeps): EventWorker {
  const { appid, db, events, live, receipts, checkFollower, resendFailed, log } = deps
  const { now = Date.now, stopPatience = 20 * second } = deps
  const receiptCounts: ReceiptCounts = { delivered: 0, undelivered: 0, repeated: 0, foreign: 0 }
  const stopping = new AbortController()
  const wakeup = createLoopWakeup()
  const followUps = new Map<number, Promise<void>>()
  let lastLook = 0
  let lastCorrection = 0
  let isStopping = false
  const outage = createOutage<unknown>({
    onFail: (error) => log.error({ err: error }, 'callback events cannot be processed now, they are kept'),
    onPass: () => log.info('callback events are processed again'),
  })
  const ended = run()

  return {
    wake: wakeup.wake,
    receiptCounts,
    stop() {
      isStopping = true
      wakeup.wake()
      return ended
    },
  }

  async function run(): Promise<void> {
    while (!isStopping) {
      const isMoreWaiting = await workOnce().catch(leaveForLater)
      if (!isMoreWaiting) await wakeup.wait(pollEvery)
      await sleep(gatherFor)
    }
    const patience = setTimeout(() => stopping.abort(), stopPatience)
    await workOffRest()
    clearTimeout(patience)
    stopping.abort()
    await Promise.all(followUps.values())
  }

  /** The rest may have to wait long: a worker alone works off no events. */
  async function workOffRest(): Promise<void> {
    while (!stopping.signal.aborted) {
      const isMoreWaiting = await workOnce().catch(leaveForLater)
      if (outage.isOn()) return
      if (followUps.size > 0) await Promise.race(followUps.values())
      else if (!isMoreWaiting) return
    }
  }

  /** Events stay stored until their effect is written, so the next poll finds them again. */
  function leaveForLater(error: unknown): false {
    if (!stopping.signal.aborted) outage.fail(error)
    return false
  }

  async function write(statements: Write[]): Promise<true> {
    await db.write(statements)
    outage.pass()
    return true
  }

  /** By distance: a clock that was set back must not hold anything for hours. */
  function isDue(last: number, every: number): boolean {
    return Math.abs(now() - last) >= every
  }

  async function workOnce(): Promise<boolean> {
    if (isDue(lastCorrection, minute)) {
      await events.hurry(now())
      lastCorrection = now()
    }
    const applied = await applyNew()
    const looked = isDue(lastLook, pollEvery) ? await lookAgain() : 0
    await startFollowUps()
    return applied === batchSize || looked === batchSize
  }

  async function applyNew(): Promise<number> {
    const batch = await events.findNew(now(), batchSize)
    if (batch.length === 0) return 0
    const plan = await planReceipts(
      receipts,
      batch.filter(({ kind }) => kind === 'receipt'),
    )
    await write([...plan.statements, ...batch.flatMap(toEffect), events.toUpdate(batch.map(toProgress))])
    count(plan.counts)
    return batch.length
  }

  function toEffect(event: StoredEvent): Write[] {
    const user = { openid: event.openid, app: event.app || appid }
    const change = { openid: event.openid, at: toBelievedTime(event), now: now() }
    switch (event.kind) {
      case 'subscribe':
        return live.toFollow([change])
      case 'unsubscribe':
        return [live.toUnfollow([change])]
      // Of a card, the place or the like; who follows may still be written to.
      case 'user_authorization_revoke':
        return [live.toForgetFollowers([user])]
      case 'user_authorization_cancellation':
        return user.app === appid
          ? [live.toUnfollow([change]), live.toForgetFollowers([user])]
          : [live.toForgetUsers([user])]
      case 'user_info_modified':
      case 'receipt':
        return []
      default:
        return event.kind satisfies never
    }
  }

  function toProgress(event: StoredEvent): EventProgress {
    return { id: event.id, tries: 1, dueAt: hasFollowUp(event) ? now() : null }
  }

  /** Whether there is more to do than to write: WeChat is asked about a follower, a lost push is sent again. */
  function hasFollowUp({ kind, app, msgid, status }: StoredEvent): boolean {
    if (kind === 'subscribe') return true
    if (kind === 'user_info_modified' || kind === 'user_authorization_revoke')
      return app === '' || app === appid
    const isLost = kind === 'receipt' && msgid !== '0' && toReceiptOutcome(status) === 'system_failed'
    return isLost && resendFailed !== undefined
  }

  async function lookAgain(): Promise<number> {
    const { statements, counts, looked } = await planUnmatched(receipts, now(), batchSize)
    if (looked > 0) await write(statements)
    if (looked < batchSize) lastLook = now()
    count(counts)
    return looked
  }

  function count(counts: ReceiptCounts): void {
    receiptCounts.delivered += counts.delivered
    receiptCounts.undelivered += counts.undelivered
    receiptCounts.repeated += counts.repeated
    receiptCounts.foreign += counts.foreign
  }

  async function startFollowUps(): Promise<void> {
    const due = await events.findApplied(now(), followUpsAtOnce + followUps.size)
    const waiting = due.filter(({ id }) => !followUps.has(id))
    for (const event of waiting.slice(0, followUpsAtOnce - followUps.size)) {
      followUps.set(event.id, followUp(event))
    }
  }

  async function followUp(event: StoredEvent): Promise<void> {
    const isWritten = await progress(event).catch(leaveForLater)
    followUps.delete(event.id)
    if (isWritten) wakeup.wake()
  }

  async function progress(event: StoredEvent): Promise<true> {
    const { id, kind, tries } = event
    const dueAt =
      kind === 'receipt' ? await resendFailed?.(event) : await checkFollower(event, stopping.signal)
    return write([events.toUpdate([{ id, tries: tries + 1, dueAt: dueAt ?? null }])])
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { minute, second } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import { createOutage } from '../base/outage.ts'
import type { CallbackEvents, StoredEvent } from '../db/callbackEvents.ts'
import type { Database, Write } from '../db/database.ts'
import type { LiveFollowers } from '../db/liveFollowers.ts'
import type { Receipts } from '../db/receipts.ts'
import type { FollowerCheck } from './checkFollower.ts'
import { createEventEffects } from './eventEffects.ts'
import { createFollowUps } from './followUps.ts'
import { planReceipts, planUnmatched, type ReceiptCounts, type SettledPush } from './receipts.ts'
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
  /** Told of each push that has its receipt on record. */
  onReceipt?: ((settled: SettledPush) => void) | undefined
  log: Log
  now?: () => number
  /** How long a stop may work off what is stored, in milliseconds. */
  stopPatience?: number
}

const batchSize = 500
const pollEvery = second
/** Milliseconds in which the events of a storm come together: one commit for all of them leaves room for the answers. */
const gatherFor = 20

/**
 * Works off the stored events of one account, beginning with what an earlier process left. Each effect can be written
 * twice and in any order, so that a crash costs nothing and several processes may share a database.
 */
export function startEventWorker(deps: EventWorkerDeps): EventWorker {
  const { db, events, receipts, onReceipt = () => {}, log, now = Date.now, stopPatience = 20 * second } = deps
  const receiptCounts: ReceiptCounts = { delivered: 0, undelivered: 0, repeated: 0, foreign: 0 }
  const stopping = new AbortController()
  const { signal } = stopping
  const wakeup = createLoopWakeup()
  const toEffect = createEventEffects({ ...deps, now })
  const followUps = createFollowUps({
    ...deps,
    write,
    onDone: wakeup.wake,
    onError: leaveForLater,
    signal,
    now,
  })
  let lastLook = 0
  let lastCorrection = 0
  let isStopping = false
  const outage = createEventOutage(log)
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
    await followUps.untilAllEnd()
  }

  /** The rest may have to wait long: a worker alone works off no events. */
  async function workOffRest(): Promise<void> {
    while (!signal.aborted) {
      const isMoreWaiting = await workOnce().catch(leaveForLater)
      if (outage.isOn()) return
      const next = followUps.untilNext()
      if (next) await next
      else if (!isMoreWaiting) return
    }
  }

  /** Events stay stored until their effect is written, so the next poll finds them again. */
  function leaveForLater(error: unknown): false {
    if (!signal.aborted) outage.fail(error)
    return false
  }

  async function write(statements: Write[]): Promise<void> {
    await db.write(statements)
    outage.pass()
  }

  async function workOnce(): Promise<boolean> {
    if (isDue(lastCorrection, minute, now())) {
      await events.hurry(now())
      lastCorrection = now()
    }
    const applied = await applyNew()
    const looked = isDue(lastLook, pollEvery, now()) ? await lookAgain() : 0
    await followUps.begin()
    return applied === batchSize || looked === batchSize
  }

  async function applyNew(): Promise<number> {
    const batch = await events.findNew(now(), batchSize)
    if (batch.length === 0) return 0
    const arrived = batch.filter(({ kind }) => kind === 'receipt')
    const plan = await planReceipts(receipts, arrived)
    const progress = batch.map((event) => ({ id: event.id, tries: 1, dueAt: followUps.toDueAt(event) }))
    await write([...plan.statements, ...batch.flatMap(toEffect), events.toUpdate(progress)])
    plan.settled.forEach(onReceipt)
    addCounts(receiptCounts, plan.counts)
    return batch.length
  }

  /** For the pushes of receipts that came before the record of their message. */
  async function lookAgain(): Promise<number> {
    const { statements, settled, counts, looked } = await planUnmatched(receipts, now(), batchSize)
    if (looked > 0) await write(statements)
    if (looked < batchSize) lastLook = now()
    settled.forEach(onReceipt)
    addCounts(receiptCounts, counts)
    return looked
  }
}

function createEventOutage(log: Log) {
  return createOutage<unknown>({
    onFail: (error) => log.error({ err: error }, 'callback events cannot be processed now, they are kept'),
    onPass: () => log.info('callback events are processed again'),
  })
}

/** By distance: a clock that was set back must not hold anything for hours. */
function isDue(last: number, every: number, now: number): boolean {
  return Math.abs(now - last) >= every
}

function addCounts(sum: ReceiptCounts, counts: ReceiptCounts): void {
  sum.delivered += counts.delivered
  sum.undelivered += counts.undelivered
  sum.repeated += counts.repeated
  sum.foreign += counts.foreign
}

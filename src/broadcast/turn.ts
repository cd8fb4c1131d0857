import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../base/duration.ts'
import type { BroadcastRecipient, BroadcastRow, Broadcasts, Chunk } from '../db/broadcasts/broadcasts.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { PushRow } from '../db/pushes.ts'
import type { Sender, SendResult } from '../push/sender.ts'
import { isFinal } from '../push/status.ts'
import { createDenials, isDenied } from './denials.ts'
import { createInLine } from './inLine.ts'
import { createPushMaker } from './message.ts'

export interface TurnDeps {
  broadcasts: Pick<
    Broadcasts,
    | 'claim'
    | 'claimRetries'
    | 'find'
    | 'finishChunk'
    | 'giveBack'
    | 'isTaken'
    | 'record'
    | 'recordRetry'
    | 'renew'
    | 'takeRate'
  >
  sender: Sender
  /** Whether it is running, as far as this process knows: asked before each send. */
  isRunning(id: string): boolean
  /** As it is at this moment. */
  saw(row: BroadcastRow): void
  /** Pauses it when too many failed; true when it did. */
  checkFailures(row: BroadcastRow): Promise<boolean>
  /** Pauses what would go wrong for everybody. */
  pause(row: BroadcastRow, detail: string): Promise<void>
  isStopped(): boolean
}

export type TurnEnd =
  /** Some were handed out and done with. */
  | { kind: 'worked' }
  /** At its rate the next may go then; epoch milliseconds. */
  | { kind: 'wait'; until: number }
  /** Nobody is to be sent to now. */
  | { kind: 'idle' }

/** How long recipients belong to a process that is not heard of any more. */
const lease = 20 * second
export const leaseRenewal = 5 * second
/** Sends to those of a broadcast who are next, as many as may go at once. */
export function createTurns(deps: TurnDeps) {
  const { broadcasts, sender } = deps
  const underWay = new Map<Chunk, number>()
  /** Two that ask at once would both be told of the same recipients, and one of them in vain. */
  const inLine = createInLine()
  const denials = createDenials()

  return {
    async take(id: string): Promise<TurnEnd> {
      const row = await broadcasts.find(id)
      if (row) deps.saw(row)
      if (row?.status !== 'running' || (await deps.checkFailures(row))) return { kind: 'idle' }
      const wanted = sender.isOneByOne() ? 1 : sender.concurrency()
      const handed = await inLine(id, () => handOut(row, wanted))
      if ('kind' in handed) return handed
      await work(row, handed)
      return { kind: 'worked' }
    },
    /** Tells the others that this process lives. */
    async renew(): Promise<void> {
      const until = Date.now() + lease
      await Promise.all([...underWay].map(([chunk, no]) => broadcasts.renew(no, [chunk], until)))
    },
  }

  async function handOut(row: BroadcastRow, wanted: number): Promise<BroadcastRecipient[] | Chunk | TurnEnd> {
    const now = Date.now()
    const { granted, nextAt } = await broadcasts.takeRate(row, wanted, now)
    if (granted === 0) return { kind: 'wait', until: nextAt }
    const retries = await broadcasts.claimRetries(row.no, granted, now, lease)
    if (retries.length > 0) return retries
    return (await broadcasts.claim(row.no, granted, now, lease)) ?? { kind: 'idle' }
  }

  async function work(row: BroadcastRow, handed: BroadcastRecipient[] | Chunk): Promise<void> {
    const toPush = createPushMaker(row)
    const bring = async (recipient: BroadcastRecipient, wasRetried: boolean) => {
      const { seq, openid } = recipient
      // Nobody knew who that is when the file was read.
      const isTaken = openid === null ? (found: string) => broadcasts.isTaken(row.no, found, seq) : undefined
      const known = { ...recipient, hasLeft: recipient.isFollowing === false, isTaken }
      const result = await sender.send(toPush(recipient), known, () => deps.isRunning(row.id))
      return keep(row, recipient, result, wasRetried)
    }
    if (Array.isArray(handed)) {
      await all(handed.map((recipient) => bring(recipient, true)))
      return
    }
    underWay.set(handed, row.no)
    try {
      const done = await all(handed.recipients.map((recipient) => bring(recipient, false)))
      if (done.every(Boolean)) await broadcasts.finishChunk(row.no, handed)
      else await broadcasts.giveBack(row.no, handed, Date.now())
    } finally {
      underWay.delete(handed)
    }
  }

  /** False when the recipient is as before and belongs to the chunk still. */
  async function keep(
    row: BroadcastRow,
    recipient: BroadcastRecipient,
    result: SendResult,
    wasRetried: boolean,
  ): Promise<boolean> {
    const { seq, unknownSince, starts, errcode, attempts } = recipient
    if (result.kind !== 'not_tried' && denials.speaksForAll(row.id, result)) {
      await deps.pause(row, result.row.detail ?? '')
    }
    if (result.kind === 'not_tried' || isDenied(result)) {
      if (!wasRetried) return false
      const retry = { seq, dueAt: Date.now(), attempts, unknownSince, starts, errcode, detail: null }
      await insist(() => broadcasts.recordRetry(row.no, retry))
      return false
    }
    if (result.kind === 'later') {
      const next = { ...result.row, seq, dueAt: Math.ceil(Date.now() + result.delay), starts: starts + 1 }
      await insist(() => broadcasts.recordRetry(row.no, next))
    } else await insist(() => broadcasts.record(row.no, toOutcome(recipient, result.row, wasRetried)))
    return true
  }

  /** The message is out: from here on only a record of it keeps it from being sent again. */
  async function insist(write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write()
      } catch (error) {
        if (!(error instanceof DatabaseError) || deps.isStopped()) throw error
        sender.noteDatabaseError(error)
        await sleep(second)
      }
    }
  }
}

/** None is left alone when another one fails. */
async function all<T>(promises: Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

function toOutcome({ seq, generation }: BroadcastRecipient, row: PushRow, wasRetried: boolean) {
  const { openid, status, reason, detail, msgid, errcode, errmsg, rid, attempts, sentAt, finishedAt } = row
  if (!isFinal(status)) throw new Error(`a try of ${row.id} ended as ${status}`)
  return {
    ...{ seq, openid, reason, detail, msgid, errcode, errmsg, rid, attempts, generation, sentAt, wasRetried },
    status,
    finishedAt: finishedAt ?? Date.now(),
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { second } from '../base/duration.ts'
import type { Broadcasts } from '../db/broadcasts/broadcasts.ts'
import type { BroadcastRecipient } from '../db/broadcasts/recipients.ts'
import type { BroadcastRow } from '../db/broadcasts/row.ts'
import { DatabaseError } from '../db/databaseError.ts'
import type { PushRow } from '../db/pushes.ts'
import type { Sender, SendResult } from '../push/sender.ts'
import { isFinal } from '../push/status.ts'
import { createDenials, isDenied } from './denials.ts'
import { createHandOut, type HandOutDeps, type TurnEnd, type TurnTask } from './handOut.ts'
import { createPushMaker } from './message.ts'
import { createRecorder } from './recorder.ts'

export interface TurnDeps extends HandOutDeps {
  broadcasts: HandOutDeps['broadcasts'] & Pick<Broadcasts, 'isTaken' | 'record' | 'recordRetry'>
  sender: Sender
  /** Whether it is running, as far as this process knows: asked before each send. */
  isRunning(id: string): boolean
  /** Pauses what would go wrong for everybody. */
  pause(row: BroadcastRow, detail: string): Promise<void>
  isStopped(): boolean
}

export const leaseRenewal = 5 * second

/** Sends to those of a broadcast who are next, as many as may go at once. */
export function createTurns(deps: TurnDeps) {
  const { broadcasts, sender } = deps
  const handOut = createHandOut(deps)
  const denials = createDenials()
  const record = createRecorder({ broadcasts, retryWrite })

  return {
    async take(id: string): Promise<TurnEnd> {
      const task = await handOut.next(id)
      if ('kind' in task) return task
      await work(task)
      return { kind: 'worked' }
    },
    renew: handOut.renew,
  }

  async function work({ row, recipients, wasRetried, isOurs, letGo, end }: TurnTask): Promise<void> {
    const toPush = createPushMaker(row)
    const isWanted = () => deps.isRunning(row.id) && isOurs()
    const bring = async (recipient: BroadcastRecipient) => {
      const { seq, openid, attempts, starts, generation, unknownSince, errcode } = recipient
      // Nobody knew who that is when the file was read.
      const isTaken = openid === null ? (found: string) => broadcasts.isTaken(row.no, found, seq) : undefined
      const hasLeft = recipient.isFollowing === false
      const known = { attempts, starts, generation, unknownSince, errcode, hasLeft, isTaken }
      const result = await sender.send(toPush(recipient), known, isWanted)
      letGo(recipient)
      return keep(row, recipient, result, wasRetried)
    }
    let isDone: boolean | undefined
    try {
      isDone = (await all(recipients.map(bring))).every(Boolean)
    } finally {
      await end(isDone)
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
      await retryWrite(() => broadcasts.recordRetry(row.no, retry))
      return false
    }
    if (result.kind === 'later') {
      const next = { ...result.row, seq, dueAt: Math.ceil(Date.now() + result.delay), starts: starts + 1 }
      await retryWrite(() => broadcasts.recordRetry(row.no, next))
    } else await record(row.no, toOutcome(recipient, result.row, wasRetried))
    return true
  }

  /** The message is out: from here on only a record of it keeps it from being sent again. */
  async function retryWrite(write: () => Promise<void>): Promise<void> {
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
  const { openid, status, reason, detail, msgid, errcode, errmsg, rid, attempts, sentAt } = row
  if (!isFinal(status)) throw new Error(`a try of ${row.id} ended as ${status}`)
  const finishedAt = row.finishedAt ?? Date.now()
  const told = { seq, openid, status, reason, detail, msgid, errcode, errmsg, rid, attempts, generation }
  return Object.assign(told, { sentAt, finishedAt, wasRetried })
}

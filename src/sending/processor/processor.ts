import * as z from 'zod'
import { second } from '../../base/duration.ts'
import type { Sentence } from '../../base/sentences/sentence.ts'
import { DatabaseError } from '../../db/databaseError.ts'
import type { PushRow, PushRows } from '../../db/pushes.ts'
import { type PushJob, pushJobSchema } from '../../queue/job.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import { toEnded } from './end.ts'
import { toProgress } from './progress.ts'
import { type Delivery, toInvalidRow, toNewRow } from './pushRow.ts'
import { done, type Processed, type TryDeps, tryInSlot } from './tryOnce.ts'

export interface ProcessorDeps extends TryDeps {
  appid: string
  pushes: Pick<PushRows, 'add' | 'find' | 'record' | 'recordUnchanged' | 'recordSent'>
  /** Queues the first of the pushes that were held for a user. */
  releaseNext(recipient: string): Promise<void>
}

export interface Processor {
  /** Brings one push as far as it can be brought now; throws only what nobody foresaw. */
  process(delivery: Delivery): Promise<Processed>
  /** The final record of a push that this program cannot bring to an end. */
  giveUp(delivery: Delivery, detail: Sentence): Promise<void>
}

/** The way of one push, from top to bottom: job, progress, slot, recipient, call, outcome, record. */
export function createProcessor(deps: ProcessorDeps): Processor {
  const underWay = new Set<string>()

  return {
    async process(delivery) {
      const { push, fresh } = readJob(deps.appid, delivery)
      // A client of another language can queue an id twice.
      if (underWay.has(fresh.id)) return { kind: 'later', delay: second }
      underWay.add(fresh.id)
      try {
        return push ? await bring(push, fresh, delivery) : await refuse(fresh, delivery)
      } catch (error) {
        // Of another account: whose job it was is handed out again, and hands over once more.
        if (error instanceof QueueUnavailableError) return { kind: 'later', delay: second }
        if (!(error instanceof DatabaseError)) throw error
        return { kind: 'later', delay: 5 * second, cause: error }
      } finally {
        underWay.delete(fresh.id)
      }
    },

    async giveUp(delivery, detail) {
      const { fresh } = readJob(deps.appid, delivery)
      for (;;) {
        const { row, recipient } = await findProgress(fresh, delivery)
        const ended = row && toEnded(row, { status: 'rejected', reason: 'internal_error', detail })
        // A worker that only seemed dead may be about to send it: what it writes first is not lost.
        if (ended && !(await deps.pushes.recordUnchanged(ended))) continue
        if (recipient !== undefined) await deps.releaseNext(recipient)
        return
      }
    },
  }

  async function refuse(invalid: PushRow, delivery: Delivery): Promise<Processed> {
    const { row } = await findProgress(invalid, delivery)
    if (row) await deps.pushes.record(invalid)
    return done
  }

  async function bring(push: PushJob, fresh: PushRow, delivery: Delivery): Promise<Processed> {
    const { starts } = delivery
    // Nearly always there is no row yet, which the first write finds out more cheaply than a read (bench: send.instant).
    if (starts === 1 && !push.hold) {
      const step = await tryInSlot(deps, { push, row: fresh, starts, isNew: true })
      if (step.kind !== 'superseded') return step
    }
    const { row, recipient, handedOver } = await findProgress(fresh, delivery)
    if (handedOver) await deps.handOver(handedOver)
    const step = row ? await tryInSlot(deps, { push, row, starts, isNew: false }) : done
    const processed = step.kind === 'superseded' ? done : step
    if (recipient !== undefined && processed.kind === 'done') await deps.releaseNext(recipient)
    return processed
  }

  async function findProgress(fresh: PushRow, delivery: Delivery) {
    return toProgress(await deps.pushes.find(fresh.id), fresh, delivery)
  }
}

function readJob(appid: string, delivery: Delivery): { push: PushJob | undefined; fresh: PushRow } {
  const { data: push, error } = pushJobSchema.safeParse(delivery.data)
  if (push) return { push, fresh: toNewRow(appid, push, delivery) }
  return { push, fresh: toInvalidRow(appid, z.prettifyError(error), delivery) }
}

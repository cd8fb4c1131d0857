import { say, toEnglish } from '../base/sentences/sentence.ts'
import type { Write } from '../db/database.ts'
import {
  type HeldRun,
  nothingDone,
  type SyncPosition,
  type SyncRunRow,
  type SyncRuns,
  type SyncStep,
} from '../db/syncRuns.ts'
import { createSeenSet } from './seenSet.ts'

interface RunRecordDeps {
  syncRuns: Pick<SyncRuns, 'findSeen' | 'record'>
  now: () => number
}

export type RunRecord = Awaited<ReturnType<typeof openRunRecord>>

export const takenOver = say('sync.taken_over')

/** Another process goes on with the run. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'

  constructor() {
    super(toEnglish(takenOver))
  }
}

/**
 * What a run has done and whom it has seen. Everything waits in memory for `save`, which stores rows, counts, seen set and
 * position in one transaction: whenever the process dies, what is counted is stored and what is stored is counted.
 */
export async function openRunRecord({ syncRuns, now }: RunRecordDeps, run: SyncRunRow, held: HeldRun) {
  const seen = createSeenSet(await syncRuns.findSeen(run.id))
  const totals = toStep(run)
  let position: SyncPosition = { total: run.total, cursor: run.cursor, listed: run.listed }
  let step = toStep({})
  let writes: Write[] = []
  let savedAt = now()

  function count(amounts: Partial<SyncStep>): void {
    add(totals, amounts)
    add(step, amounts)
  }

  return {
    run,
    seen,
    /** Of the whole run, what is not saved included. */
    totals: (): Readonly<SyncStep> => totals,
    position: () => position,
    count,
    /** For the next transaction. */
    write(...more: Write[]): void {
      writes.push(...more)
    },
    move(to: Partial<SyncPosition>): void {
      position = { ...position, ...to }
    },
    async save(): Promise<void> {
      count({ durationMs: now() - savedAt })
      savedAt = now()
      const recorded = { step, position, seen: seen.takeChanged(), writes }
      step = toStep({})
      writes = []
      if (!(await syncRuns.record(held, recorded))) throw new LeaseLostError()
    },
  }
}

function toStep(amounts: Partial<SyncStep>): SyncStep {
  const step = { ...nothingDone }
  add(step, amounts)
  return step
}

function add(sum: SyncStep, amounts: Partial<SyncStep>): void {
  sum.pages += amounts.pages ?? 0
  sum.seen += amounts.seen ?? 0
  sum.fetched += amounts.fetched ?? 0
  sum.added += amounts.added ?? 0
  sum.updated += amounts.updated ?? 0
  sum.unsubscribed += amounts.unsubscribed ?? 0
  sum.withoutUnionid += amounts.withoutUnionid ?? 0
  sum.oddRows += amounts.oddRows ?? 0
  sum.durationMs += amounts.durationMs ?? 0
}

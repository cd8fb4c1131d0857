import { and, eq, exists, sql } from 'drizzle-orm'
import type {
  HeldRun,
  Recorded,
  SeenChunk,
  SyncEnding,
  SyncPosition,
  SyncRuns,
  SyncStep,
} from '../../syncRuns.ts'
import { isChanged } from '../engine/change.ts'
import { asInserted, placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, type Statement } from '../engine/statement.ts'
import { leases } from '../shared/tables.ts'
import { syncRuns, syncSeen } from './tables.ts'

interface SqliteRecorded extends Recorded {
  writes?: Statement[]
}

/** What a run does while its process holds the lease, and its end. */
export function createRunRecord({
  read,
  write,
}: Pick<SqliteDatabase, 'read' | 'write'>): Pick<SyncRuns, 'record' | 'finish'> {
  const placed = placedAs('id', 'lease', 'owner', 'total', 'cursor', 'status', 'error', 'finishedAt')
  const holding = read
    .select({ name: leases.name })
    .from(leases)
    .where(and(eq(leases.name, placed.lease), eq(leases.owner, placed.owner)))
  const isHeld = and(eq(syncRuns.id, placed.id), exists(holding))
  const plus = (key: keyof SyncStep) => sql`${syncRuns[key]} + ${sql.placeholder(key)}`
  const addStep = compileWrite<HeldRun & SyncStep & SyncPosition>(
    read
      .update(syncRuns)
      .set({
        total: placed.total,
        cursor: placed.cursor,
        listed: sql`${sql.param(sql.placeholder('listed'), syncRuns.listed)}`,
        pages: plus('pages'),
        seen: plus('seen'),
        fetched: plus('fetched'),
        added: plus('added'),
        updated: plus('updated'),
        unsubscribed: plus('unsubscribed'),
        withoutUnionid: plus('withoutUnionid'),
        oddRows: plus('oddRows'),
        durationMs: plus('durationMs'),
      })
      .where(isHeld),
  )
  const keepSeen = compileWrite<SeenChunk & { runId: number }>(
    read
      .insert(syncSeen)
      .values(placedAs('runId', 'chunk', 'bits'))
      .onConflictDoUpdate({
        target: [syncSeen.runId, syncSeen.chunk],
        set: asInserted(syncSeen, 'bits'),
      }),
  )
  const { status, error, finishedAt } = placed
  const end = compileWrite<HeldRun & SyncEnding>(
    read.update(syncRuns).set({ status, error, finishedAt }).where(isHeld),
  )
  const forgetSeen = compileWrite<{ id: number }>(read.delete(syncSeen).where(eq(syncSeen.runId, placed.id)))

  return {
    record(run, { step, position, seen = [], writes = [] }: SqliteRecorded) {
      const added = addStep.once({ ...run, ...step, ...position })
      return isChanged(write, [added, keepSeen.eachWith({ runId: run.id }, seen), ...writes])
    },
    async finish(run, ending) {
      const isResumable = ending.status === 'interrupted'
      await write([end.once({ ...run, ...ending }), ...(isResumable ? [] : [forgetSeen.once(run)])])
    },
  }
}

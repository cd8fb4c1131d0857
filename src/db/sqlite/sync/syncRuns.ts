import { and, desc, eq, exists, inArray, lt, max, ne, or, sql } from 'drizzle-orm'
import {
  type HeldRun,
  nothingDone,
  type Recorded,
  type SeenChunk,
  type SyncEnding,
  type SyncPosition,
  type SyncRunRow,
  type SyncRuns,
  type SyncStep,
} from '../../syncRuns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, type Statement } from '../engine/statement.ts'
import { leases } from '../shared/tables.ts'
import { syncRuns, syncSeen } from './tables.ts'

interface SqliteRecorded extends Recorded {
  writes?: Statement[]
}

/** The syncs of one service account. */
export function createSyncRuns(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): SyncRuns {
  const placed = (name: string) => sql`${sql.placeholder(name)}`
  const isAccount = eq(syncRuns.appid, appid)
  const isHeld = and(
    eq(syncRuns.id, placed('id')),
    exists(
      read
        .select({ name: leases.name })
        .from(leases)
        .where(and(eq(leases.name, placed('lease')), eq(leases.owner, placed('owner')))),
    ),
  )
  const last = read.select().from(syncRuns).where(isAccount).orderBy(desc(syncRuns.id)).limit(1).prepare()
  const seenChunks = read
    .select({ chunk: syncSeen.chunk, bits: syncSeen.bits })
    .from(syncSeen)
    .where(eq(syncSeen.runId, placed('runId')))
    .prepare()

  const giveUp = compileWrite<{ now: number }>(
    read
      .update(syncRuns)
      .set({ status: 'interrupted', finishedAt: placed('now') })
      .where(and(isAccount, eq(syncRuns.status, 'running'))),
  )
  const forgetSeenOfAll = compileWrite(
    read
      .delete(syncSeen)
      .where(inArray(syncSeen.runId, read.select({ id: syncRuns.id }).from(syncRuns).where(isAccount))),
  )
  const insert = compileWrite<{ full: boolean; now: number }>(
    read.insert(syncRuns).values({
      appid,
      status: 'running',
      full: sql.placeholder('full'),
      listed: false,
      resumed: false,
      total: 0,
      ...nothingDone,
      startedAt: placed('now'),
    }),
  )
  const resume = compileWrite<{ id: number }>(
    read
      .update(syncRuns)
      .set({ status: 'running', resumed: true, error: null, finishedAt: null })
      .where(eq(syncRuns.id, placed('id'))),
  )
  const makeFull = compileWrite<{ id: number }>(
    read
      .update(syncRuns)
      .set({ full: true })
      .where(eq(syncRuns.id, placed('id'))),
  )
  const plus = (key: keyof SyncStep) => sql`${syncRuns[key]} + ${sql.placeholder(key)}`
  const addStep = compileWrite<HeldRun & SyncStep & SyncPosition>(
    read
      .update(syncRuns)
      .set({
        total: placed('total'),
        cursor: placed('cursor'),
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
      .values({
        runId: sql.placeholder('runId'),
        chunk: sql.placeholder('chunk'),
        bits: sql.placeholder('bits'),
      })
      .onConflictDoUpdate({
        target: [syncSeen.runId, syncSeen.chunk],
        set: { bits: sql`excluded.bits` },
      }),
  )
  const end = compileWrite<HeldRun & SyncEnding>(
    read
      .update(syncRuns)
      .set({ status: placed('status'), error: placed('error'), finishedAt: placed('finishedAt') })
      .where(isHeld),
  )
  const forgetSeen = compileWrite<{ id: number }>(
    read.delete(syncSeen).where(eq(syncSeen.runId, placed('id'))),
  )
  const newestComplete = read
    .select({ id: max(syncRuns.id) })
    .from(syncRuns)
    .where(and(isAccount, eq(syncRuns.status, 'complete')))
  const purge = compileWrite<{ before: number }>(
    read
      .delete(syncRuns)
      .where(
        and(
          isAccount,
          lt(syncRuns.startedAt, placed('before')),
          ne(syncRuns.status, 'running'),
          or(ne(syncRuns.status, 'complete'), ne(syncRuns.id, sql`(${newestComplete})`)),
        ),
      ),
  )

  async function findLast(): Promise<SyncRunRow | undefined> {
    return last.get()
  }

  return {
    findLast,
    async begin({ full, now, resumableSince }) {
      const run = await findLast()
      const isUnfinished = run?.status === 'running' || run?.status === 'interrupted'
      if (run && isUnfinished && run.startedAt >= resumableSince && (run.full || !full)) {
        await write([resume.once(run)])
      } else {
        await write([giveUp.once({ now }), forgetSeenOfAll.once({}), insert.once({ full, now })])
      }
      const begun = await findLast()
      if (!begun) throw new Error(`The run of ${appid} that was just begun is gone`)
      return begun
    },
    toFull: (id) => makeFull.once({ id }),
    async findSeen(runId) {
      return seenChunks.all({ runId })
    },
    async record(run, { step, position, seen = [], writes = [] }: SqliteRecorded) {
      const [result] = await write([
        addStep.once({ ...run, ...step, ...position }),
        keepSeen.eachWith({ runId: run.id }, seen),
        ...writes,
      ])
      return result?.changes === 1
    },
    async finish(run, ending) {
      const isResumable = ending.status === 'interrupted'
      await write([end.once({ ...run, ...ending }), ...(isResumable ? [] : [forgetSeen.once(run)])])
    },
    async purge(before) {
      const [result] = await write([purge.once({ before })])
      return result?.changes ?? 0
    },
  }
}

import { and, eq, inArray, sql } from 'drizzle-orm'
import { nothingDone, type SyncRuns } from '../../syncRuns.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite } from '../engine/statement.ts'
import { syncRuns, syncSeen } from './tables.ts'

/** How a run begins, or goes on after an interruption. */
export function createRunBeginning(
  { read, write, findLast }: Pick<SqliteDatabase, 'read' | 'write'> & Pick<SyncRuns, 'findLast'>,
  appid: string,
): Pick<SyncRuns, 'begin' | 'toFull'> {
  const { id, now } = placedAs('id', 'now')
  const isAccount = eq(syncRuns.appid, appid)
  const isRun = eq(syncRuns.id, id)
  const giveUp = compileWrite<{ now: number }>(
    read
      .update(syncRuns)
      .set({ status: 'interrupted', finishedAt: now })
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
      startedAt: now,
    }),
  )
  const resume = compileWrite<{ id: number }>(
    read
      .update(syncRuns)
      .set({ status: 'running', resumed: true, error: null, finishedAt: null })
      .where(isRun),
  )
  const makeFull = compileWrite<{ id: number }>(read.update(syncRuns).set({ full: true }).where(isRun))

  return {
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
  }
}

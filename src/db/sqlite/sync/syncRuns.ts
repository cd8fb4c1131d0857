import { and, asc, desc, eq, gte, lt, max, ne, or, sql } from 'drizzle-orm'
import type { SyncRuns } from '../../syncRuns.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { createRunBeginning } from './runBeginning.ts'
import { createRunRecord } from './runRecord.ts'
import { syncRuns, syncSeen } from './tables.ts'

/** The syncs of one service account. */
export function createSyncRuns(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): SyncRuns {
  const isAccount = eq(syncRuns.appid, appid)
  const last = prepareLater(read.select().from(syncRuns).where(isAccount).orderBy(desc(syncRuns.id)).limit(1))
  const isComplete = and(isAccount, eq(syncRuns.status, 'complete'))
  const lastComplete = prepareLater(
    read.select().from(syncRuns).where(isComplete).orderBy(desc(syncRuns.id)).limit(1),
  )
  const finishedAt = sql<number>`${syncRuns.finishedAt}`
  const complete = prepareLater(
    read
      .select({ finishedAt, total: syncRuns.total })
      .from(syncRuns)
      .where(and(isComplete, gte(syncRuns.finishedAt, sql.placeholder('since'))))
      .orderBy(asc(syncRuns.id)),
  )
  const seenChunks = prepareLater(
    read
      .select({ chunk: syncSeen.chunk, bits: syncSeen.bits })
      .from(syncSeen)
      .where(eq(syncSeen.runId, sql.placeholder('runId'))),
  )
  const newestComplete = read
    .select({ id: max(syncRuns.id) })
    .from(syncRuns)
    .where(isComplete)
  const purge = compileWrite<{ before: number }>(
    read
      .delete(syncRuns)
      .where(
        and(
          isAccount,
          lt(syncRuns.startedAt, sql.placeholder('before')),
          ne(syncRuns.status, 'running'),
          or(ne(syncRuns.status, 'complete'), ne(syncRuns.id, sql`(${newestComplete})`)),
        ),
      ),
  )
  const findLast = async () => last.get()
  return {
    findLast,
    findLastComplete: async () => lastComplete.get(),
    findComplete: async (since) => complete.all({ since }),
    ...createRunBeginning({ read, write, findLast }, appid),
    ...createRunRecord({ read, write }),
    findSeen: async (runId) => seenChunks.all({ runId }),
    purge: (before) => countChanged(write, [purge.once({ before })]),
  }
}

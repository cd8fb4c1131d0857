import { and, asc, eq, gt, gte, isNull, lt, lte, type SQL, sql } from 'drizzle-orm'
import type { CallbackEvents, EventFacts, EventProgress, StoredEvent } from '../../callbackEvents.ts'
import { clockTolerance } from '../../clock.ts'
import { purgeLimit } from '../../purge.ts'
import { countChanged, isChanged } from '../engine/change.ts'
import { placedAs } from '../engine/columns.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater, type Statement } from '../engine/statement.ts'
import { callbackEvents } from './tables.ts'

export function createCallbackEvents(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): CallbackEvents {
  const { id, kind, openid, at, msgid, status, app, receivedAt, tries, dueAt } = callbackEvents
  const placed = sql.placeholder
  const isOurs = eq(callbackEvents.appid, appid)
  // For rows found by their number: the plus keeps SQLite from going through all events of the account.
  const isOurRow = sql`+${isOurs}`

  const insert = compileWrite<EventFacts & { now: number }>(
    read
      .insert(callbackEvents)
      .values({
        appid,
        ...placedAs('kind', 'openid', 'at', 'msgid', 'status', 'app'),
        receivedAt: placed('now'),
        dueAt: placed('now'),
        tries: 0,
      })
      .onConflictDoNothing(),
  )
  const selectDue = (isWanted: SQL) =>
    prepareLater(
      read
        .select({ id, kind, openid, at, msgid, status, app, receivedAt, tries })
        .from(callbackEvents)
        .where(and(isOurs, lte(dueAt, placed('now')), isWanted))
        .orderBy(asc(dueAt), asc(id))
        .limit(placed('limit')),
    )
  const selectNew = selectDue(eq(tries, 0))
  const selectApplied = selectDue(gt(tries, 0))
  const update = compileWrite<EventProgress>(
    read
      .update(callbackEvents)
      .set({ tries: sql`${placed('tries')}`, dueAt: sql`${placed('dueAt')}` })
      .where(eq(id, placed('id'))),
  )
  const hurry = compileWrite<{ now: number; latest: number }>(
    read
      .update(callbackEvents)
      .set({ dueAt: sql`${placed('now')}` })
      .where(and(isOurs, gt(dueAt, placed('latest')))),
  )
  const selectOldest = prepareLater(
    read
      .select({ id, receivedAt })
      .from(callbackEvents)
      .where(and(isOurRow, gte(id, placed('from'))))
      .orderBy(asc(id))
      .limit(1),
  )
  const isOld = and(isOurRow, isNull(dueAt), lt(receivedAt, placed('before')))
  const remove = compileWrite<{ from: number; to: number; before: number }>(
    read.delete(callbackEvents).where(and(gte(id, placed('from')), lt(id, placed('to')), isOld)),
  )

  return {
    async record(facts: EventFacts, now: number): Promise<boolean> {
      return isChanged(write, [insert.once({ ...facts, now })])
    },

    async findNew(now: number, limit: number): Promise<StoredEvent[]> {
      return selectNew.all({ now, limit })
    },

    async findApplied(now: number, limit: number): Promise<StoredEvent[]> {
      return selectApplied.all({ now, limit })
    },

    toUpdate(progress: readonly EventProgress[]): Statement {
      return update.each(progress)
    },

    async hurry(now: number): Promise<void> {
      await write([hurry.once({ now, latest: now + clockTolerance })])
    },

    async purge(before: number): Promise<number> {
      let purged = 0
      for (let from = 0; ; ) {
        const oldest = selectOldest.get({ from })
        if (!oldest || oldest.receivedAt >= before) return purged
        from = oldest.id + purgeLimit
        purged += await countChanged(write, [remove.once({ from: oldest.id, to: from, before })])
      }
    },
  }
}

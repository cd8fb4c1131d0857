import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { BroadcastIdTaken, type Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { BroadcastChange, BroadcastRow } from '../../broadcasts/row.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater, type Statement } from '../engine/statement.ts'
import { createBroadcastAudience } from './audience.ts'
import { createBroadcastChunks } from './chunks.ts'
import { createBroadcastClaims } from './claims.ts'
import { createBroadcastPreview } from './preview.ts'
import { createBroadcastPurge } from './purge.ts'
import { createBroadcastRecipients } from './recipients.ts'
import { createBroadcastRecords } from './records.ts'
import { createBroadcastSearch } from './search.ts'
import { broadcastCounts, broadcastRecents, broadcasts } from './tables.ts'

type StoredRow = typeof broadcasts.$inferSelect

/** The broadcasts of one account. */
export function createBroadcastStore(
  database: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): Broadcasts {
  const { read, write } = database
  const { selectOne, selectNewest, selectOpen, selectCounts, selectRecent } = prepareSelects(read, appid)
  return {
    async find(id) {
      return selectOne.all({ id }).flatMap(toRow)[0]
    },
    async list(limit) {
      return selectNewest.all({ limit }).flatMap(toRow)
    },
    async listOpen() {
      return selectOpen.all().flatMap(toRow)
    },
    async counts(no) {
      return selectCounts.all({ no }).map(({ status, reason, isCanary, total }) => ({
        status,
        reason: reason === '' ? null : reason,
        isCanary,
        total,
      }))
    },
    async recent(no) {
      return selectRecent.get({ no }) ?? { sends: '', receipts: '' }
    },

    async draft(row) {
      const insert = read
        .insert(broadcasts)
        .values({ ...row, ...nothingDone, appid })
        .onConflictDoNothing({ target: broadcasts.id })
        .returning({ no: broadcasts.no })
      const openRecents: Statement = {
        sql: `insert into broadcast_recents (broadcast, sends, receipts)
select no, '', '' from broadcasts where id = ? on conflict do nothing`,
        params: [row.id],
      }
      const [inserted] = await write([insert.toSQL(), openRecents])
      const [added] = inserted?.rows ?? []
      if (added === undefined) throw new BroadcastIdTaken()
      return Number(Object(added).no)
    },
    async publish(no, row) {
      const canaryState = row.canarySize === null ? null : ('running' as const)
      const isDraft = and(
        eq(broadcasts.no, no),
        sql`${broadcasts.status} = 'draft' and ${broadcasts.finishedAt} is null`,
      )
      const [published] = await write([
        read
          .update(broadcasts)
          .set({ ...row, canaryState })
          .where(isDraft)
          .toSQL(),
      ])
      return published?.changes === 1
    },
    async change(row, change, options) {
      const changed = toChange(row, change, options?.isDone === true)
      const cleared: Statement = {
        sql: `update broadcast_recents set sends = '', receipts = '' where broadcast = ?`,
        params: [row.no],
      }
      const [result] = await write(options?.forgetsRecent ? [changed, cleared] : [changed])
      return result?.changes === 1
    },

    ...createBroadcastPurge(database, appid),
    ...createBroadcastAudience(database, appid),
    ...createBroadcastClaims(database),
    ...createBroadcastChunks(database, appid),
    ...createBroadcastRecords(database, appid),
    ...createBroadcastSearch(database, appid),
    ...createBroadcastPreview(database, appid),
    ...createBroadcastRecipients(database, appid),
  }

  function toChange(
    { no, status, reason }: BroadcastRow,
    change: BroadcastChange,
    isDone: boolean,
  ): Statement {
    const isUnchanged = sql`${broadcasts.status} = ${status} and ${broadcasts.reason} is ${reason}`
    return read
      .update(broadcasts)
      .set(change)
      .where(and(eq(broadcasts.no, no), isUnchanged, isDone ? nobodyWaits : undefined))
      .toSQL()
  }
}

const nobodyWaits = sql`not exists (select 1 from broadcast_chunks where broadcast = ${broadcasts.no})
and not exists (select 1 from broadcast_retries where broadcast = ${broadcasts.no})`

function prepareSelects(read: SqliteDatabase['read'], appid: string) {
  const placed = (name: string) => sql`${sql.placeholder(name)}`
  const isOurs = eq(broadcasts.appid, appid)
  const isPublished = sql`${broadcasts.status} <> 'draft'`
  const selectOne = prepareLater(
    read
      .select()
      .from(broadcasts)
      .where(and(eq(broadcasts.id, placed('id')), sql`+${isOurs}`, isPublished)),
  )
  const selectNewest = prepareLater(
    read
      .select()
      .from(broadcasts)
      .where(and(isOurs, isPublished))
      .orderBy(desc(broadcasts.no))
      .limit(sql.placeholder('limit')),
  )
  const selectOpen = prepareLater(
    read
      .select()
      .from(broadcasts)
      .where(and(isOurs, sql`${broadcasts.status} in ('scheduled', 'running', 'paused')`))
      .orderBy(asc(broadcasts.no)),
  )
  const selectCounts = prepareLater(
    read
      .select()
      .from(broadcastCounts)
      .where(eq(broadcastCounts.broadcast, placed('no'))),
  )
  const selectRecent = prepareLater(
    read
      .select({ sends: broadcastRecents.sends, receipts: broadcastRecents.receipts })
      .from(broadcastRecents)
      .where(eq(broadcastRecents.broadcast, placed('no'))),
  )
  return { selectOne, selectNewest, selectOpen, selectCounts, selectRecent }
}

const nothingDone = {
  status: 'draft',
  selected: 0,
  isFilled: false,
  filled: 0,
  fillCursor: 0,
  fillUntil: 0,
  cursor: 0,
  handedOut: 0,
  nextAt: 0,
  perSecond: 0,
} as const satisfies Partial<StoredRow>

function toRow(row: StoredRow): BroadcastRow[] {
  const { status } = row
  return status === 'draft' ? [] : [{ ...row, status }]
}

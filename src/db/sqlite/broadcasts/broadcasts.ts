import { and, asc, desc, eq, sql } from 'drizzle-orm'
import { purgeLimit } from '../../../db/purge.ts'
import type { BroadcastChange, BroadcastRow, Broadcasts } from '../../broadcasts/broadcasts.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import type { Statement } from '../engine/statement.ts'
import { createBroadcastAudience } from './audience.ts'
import { createBroadcastClaims } from './claims.ts'
import { createBroadcastRecipients } from './recipients.ts'
import { broadcastCounts, broadcastRecents, broadcasts } from './tables.ts'

type StoredRow = typeof broadcasts.$inferSelect

/** What is left of one when its recipients are gone. */
const smallTables = ['broadcast_chunks', 'broadcast_retries', 'broadcast_counts', 'broadcast_recents']

/** The broadcasts of one account. */
export function createBroadcasts(
  database: Pick<SqliteDatabase, 'read' | 'write' | 'writeSoon'>,
  appid: string,
): Broadcasts {
  const { read, write } = database
  const placed = (name: string) => sql`${sql.placeholder(name)}`
  const isOurs = eq(broadcasts.appid, appid)
  const isPublished = sql`${broadcasts.status} <> 'draft'`
  const selectOne = read
    .select()
    .from(broadcasts)
    .where(and(eq(broadcasts.id, placed('id')), sql`+${isOurs}`, isPublished))
    .prepare()
  const selectNewest = read
    .select()
    .from(broadcasts)
    .where(and(isOurs, isPublished))
    .orderBy(desc(broadcasts.no))
    .limit(sql.placeholder('limit'))
    .prepare()
  const selectOpen = read
    .select()
    .from(broadcasts)
    .where(and(isOurs, sql`${broadcasts.status} in ('scheduled', 'running', 'paused')`))
    .orderBy(asc(broadcasts.no))
    .prepare()
  const selectCounts = read
    .select()
    .from(broadcastCounts)
    .where(eq(broadcastCounts.broadcast, placed('no')))
    .prepare()
  const selectRecent = read
    .select({ sends: broadcastRecents.sends, receipts: broadcastRecents.receipts })
    .from(broadcastRecents)
    .where(eq(broadcastRecents.broadcast, placed('no')))
    .prepare()
  const selectDraft = read
    .select({ no: broadcasts.no })
    .from(broadcasts)
    .where(
      and(isOurs, sql`${broadcasts.status} = 'draft' and ${broadcasts.createdAt} < ${placed('drafted')}`),
    )
    .limit(1)
    .prepare()
  const selectEnded = read
    .select({ no: broadcasts.no })
    .from(broadcasts)
    .where(and(sql`+${isOurs}`, sql`${broadcasts.finishedAt} < ${placed('ended')}`))
    .limit(1)
    .prepare()

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
        .returning({ no: broadcasts.no })
      const openRecents: Statement = {
        sql: `insert into broadcast_recents (broadcast, sends, receipts) select no, '', '' from broadcasts where id = ?`,
        params: [row.id],
      }
      const [inserted] = await write([insert.toSQL(), openRecents])
      return Number(Object(inserted?.rows?.[0]).no)
    },
    async drop(no) {
      while ((await purgeSome(no)) > 0);
    },
    async publish(no, row) {
      const canaryState = row.canarySize === null ? null : ('running' as const)
      const isDraft = and(eq(broadcasts.no, no), eq(broadcasts.status, 'draft'))
      await write([
        read
          .update(broadcasts)
          .set({ ...row, canaryState })
          .where(isDraft)
          .toSQL(),
      ])
    },
    async change(row, change, options) {
      const changed = toChange(row, change)
      const cleared: Statement = {
        sql: `update broadcast_recents set sends = '', receipts = '' where broadcast = ?`,
        params: [row.no],
      }
      const [result] = await write(options?.forgetsRecent ? [changed, cleared] : [changed])
      return result?.changes === 1
    },
    async purge({ drafted, ended }) {
      const gone = selectDraft.get({ drafted }) ?? selectEnded.get({ ended })
      return gone ? purgeSome(gone.no) : 0
    },

    ...createBroadcastAudience(database, appid),
    ...createBroadcastClaims(database, appid),
    ...createBroadcastRecipients(database, appid),
  }

  function toChange({ no, status, reason }: BroadcastRow, change: BroadcastChange): Statement {
    const isUnchanged = sql`${broadcasts.status} = ${status} and ${broadcasts.reason} is ${reason}`
    return read
      .update(broadcasts)
      .set(change)
      .where(and(eq(broadcasts.no, no), isUnchanged))
      .toSQL()
  }

  /** The row of the broadcast goes last, so that what is left of it is found again. */
  async function purgeSome(no: number): Promise<number> {
    const results = await write(
      [
        ['broadcast_recipients', 'seq'],
        ['broadcast_keys', 'key'],
      ].map(([table, key]) => ({
        sql: `delete from ${table} where broadcast = ? and ${key} in (select ${key} from ${table} where broadcast = ? limit ${purgeLimit})`,
        params: [no, no],
      })),
    )
    const purged = results.reduce((sum, { changes }) => sum + changes, 0)
    if (purged > 0) return purged
    const rest = await write([
      ...smallTables.map((table) => ({ sql: `delete from ${table} where broadcast = ?`, params: [no] })),
      { sql: 'delete from broadcasts where no = ?', params: [no] },
    ])
    return rest.reduce((sum, { changes }) => sum + changes, 0)
  }
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

import { and, eq, sql } from 'drizzle-orm'
import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import { purgeLimit } from '../../purge.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater } from '../engine/statement.ts'
import { broadcasts } from './tables.ts'

/** What is left of one when its recipients are gone. */
const smallTables = [
  'broadcast_chunks',
  'broadcast_retries',
  'broadcast_counts',
  'broadcast_outcomes',
  'broadcast_recents',
]

const endDraftSql = `update broadcasts set finished_at = 0 where id = ? and appid = ? and status = 'draft' returning no`

/** Deletes broadcasts, a few rows at a time. */
export function createBroadcastPurge(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<Broadcasts, 'drop' | 'dropById' | 'purge'> {
  const placed = (name: string) => sql`${sql.placeholder(name)}`
  const isOurs = eq(broadcasts.appid, appid)
  const selectDraft = prepareLater(
    read
      .select({ no: broadcasts.no })
      .from(broadcasts)
      .where(
        and(isOurs, sql`${broadcasts.status} = 'draft' and ${broadcasts.createdAt} < ${placed('drafted')}`),
      )
      .limit(1),
  )
  const selectEnded = prepareLater(
    read
      .select({ no: broadcasts.no })
      .from(broadcasts)
      .where(and(sql`+${isOurs}`, sql`${broadcasts.finishedAt} < ${placed('ended')}`))
      .limit(1),
  )

  return {
    drop,
    async dropById(id) {
      // Its end keeps it from being published, and has it purged if this is killed.
      const [dropped] = await write([{ sql: endDraftSql, params: [id, appid] }])
      for (const row of dropped?.rows ?? []) await drop(Number(Object(row).no))
    },
    async purge({ drafted, ended }) {
      const gone = selectDraft.get({ drafted }) ?? selectEnded.get({ ended })
      return gone ? purgeSome(gone.no) : 0
    },
  }

  async function drop(no: number): Promise<void> {
    while ((await purgeSome(no)) > 0);
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

import type { Broadcasts } from '../../broadcasts/broadcasts.ts'
import { purgeLimit } from '../../purge.ts'
import type { PostgresDatabase } from '../engine/open.ts'

/** What is left of one when its recipients are gone. */
const smallTables = [
  'broadcast_chunks',
  'broadcast_retries',
  'broadcast_counts',
  'broadcast_outcomes',
  'broadcast_recents',
]

const draftSql = `select no from broadcasts where appid = $1 and status = 'draft' and created_at < $2 limit 1`
const endedSql = `select no from broadcasts where appid || '' = $1 and finished_at < $2 limit 1`
const largeSql = [
  ['broadcast_recipients', 'seq'],
  ['broadcast_keys', 'key'],
].map(
  ([table, key]) => `delete from ${table} where broadcast = $1 and ${key} in
(select ${key} from ${table} where broadcast = $1 order by ${key} limit ${purgeLimit})`,
)
const smallSql = smallTables.map((table) => `delete from ${table} where broadcast = $1`)
const ownSql = 'delete from broadcasts where no = $1'
const endDraftSql = `update broadcasts set finished_at = 0 where id = $1 and appid = $2 and status = 'draft' returning no`

/** Deletes broadcasts, a few rows at a time. */
export function createBroadcastPurge(
  { query, write, clock }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): Pick<Broadcasts, 'drop' | 'dropById' | 'purge'> {
  return {
    drop,
    async dropById(id) {
      // Its end keeps it from being published, and has it purged if this is killed.
      const [dropped] = await write([{ sql: endDraftSql, params: [id, appid] }])
      for (const row of dropped?.rows ?? []) await drop(Number(Object(row).no))
    },
    async purge({ drafted, ended }) {
      const [draft] = await query<{ no: number }>(draftSql, [appid, drafted])
      const [gone] = draft ? [draft] : await query<{ no: number }>(endedSql, [appid, clock.toServer(ended)])
      return gone ? purgeSome(gone.no) : 0
    },
  }

  async function drop(no: number): Promise<void> {
    while ((await purgeSome(no)) > 0);
  }

  /** The row of the broadcast goes last, so that what is left of it is found again. */
  async function purgeSome(no: number): Promise<number> {
    const purged = await change(largeSql, no)
    return purged > 0 ? purged : change([...smallSql, ownSql], no)
  }

  async function change(statements: readonly string[], no: number): Promise<number> {
    const results = await write(statements.map((sql) => ({ sql, params: [no] })))
    return results.reduce((sum, { changes }) => sum + changes, 0)
  }
}

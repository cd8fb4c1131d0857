import { getTableColumns } from 'drizzle-orm'
import {
  type BroadcastCount,
  BroadcastIdTaken,
  type Broadcasts,
  type RecentOutcomes,
} from '../../broadcasts/broadcasts.ts'
import type { BroadcastChange, BroadcastRow } from '../../broadcasts/row.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { columnNames, forRows, recordset, type Statement, selectList } from '../engine/statement.ts'
import { createBroadcastAudience } from './audience.ts'
import { createBroadcastTimes } from './broadcastTimes.ts'
import { createBroadcastChunks } from './chunks.ts'
import { createBroadcastClaims } from './claims.ts'
import { createBroadcastPreview } from './preview.ts'
import { createBroadcastPurge } from './purge.ts'
import { createBroadcastRecipients } from './recipients.ts'
import { createBroadcastRecords, lockSql } from './records.ts'
import { createBroadcastSearch } from './search.ts'
import { broadcasts } from './tables.ts'

const selectRow = `select ${selectList(broadcasts)} from broadcasts`
const findSql = `${selectRow} where id = $1 and appid = $2 and status <> 'draft'`
const newestSql = `${selectRow} where appid = $1 and status <> 'draft' order by no desc limit $2`
const openSql = `${selectRow} where appid = $1 and status in ('scheduled', 'running', 'paused') order by no`
const countsSql = `select status, nullif(reason, '') as reason, is_canary as "isCanary", total
from broadcast_counts where broadcast = $1`
const recentSql = 'select sends, receipts from broadcast_recents where broadcast = $1'
const openRecentsSql = `insert into broadcast_recents (broadcast, sends, receipts)
select no, '', '' from broadcasts where id = $1 on conflict do nothing`
const forgetRecentSql = `update broadcast_recents set sends = '', receipts = '' where broadcast = $1`
const nobodyWaits = ['chunks', 'retries']
  .map((rest) => ` and not exists (select from broadcast_${rest} where broadcast = $2)`)
  .join('')
const publishSql = `update broadcasts set status = $2, selected = $3, is_filled = $4, canary_size = $5,
canary_state = case when $5::bigint is null then null else 'running' end where no = $1 and status = 'draft' and finished_at is null`

/** The broadcasts of one account. */
export function createBroadcastStore(
  database: Pick<PostgresDatabase, 'query' | 'write' | 'writeSoon' | 'clock'>,
  appid: string,
): Broadcasts {
  const { query, write } = database
  const times = createBroadcastTimes(database.clock)
  const select = async (sql: string, params: unknown[]) =>
    (await query<BroadcastRow>(sql, params)).map(times.fromStored)
  return {
    find: async (id) => (await select(findSql, [id, appid]))[0],
    list: (limit) => select(newestSql, [appid, limit]),
    listOpen: () => select(openSql, [appid]),
    counts(no) {
      return query<BroadcastCount & Record<string, unknown>>(countsSql, [no])
    },
    async recent(no) {
      const [recent] = await query<RecentOutcomes & Record<string, string>>(recentSql, [no])
      return recent ?? { sends: '', receipts: '' }
    },

    async draft(row) {
      const [inserted] = await write([
        toInsert({ ...row, ...nothingDone, appid }),
        { sql: openRecentsSql, params: [row.id] },
      ])
      const [added] = inserted?.rows ?? []
      if (added === undefined) throw new BroadcastIdTaken()
      return Number(Object(added).no)
    },
    async publish(no, { status, selected, isFilled, canarySize }) {
      const params = [no, status, selected, isFilled, canarySize]
      const [published] = await write([{ sql: publishSql, params }])
      return published?.changes === 1
    },
    async change(row, change, options = {}) {
      const { forgetsRecent = false, isDone = false } = options
      const [, result] = await write([
        { sql: lockSql, params: [row.no], isEmpty: !isDone },
        toChange(row, times.toStored(change), isDone),
        { sql: forgetRecentSql, params: [row.no], isEmpty: !forgetsRecent },
      ])
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
}

function toInsert(row: object): Statement {
  const keys = Object.keys(row)
  const names = columnNames(broadcasts, keys)
  const input = recordset(broadcasts, '$1', { keys })
  const sql = `insert into broadcasts (${names.join(', ')}) select ${toInputs(keys).join(', ')} from ${input}
on conflict (id) do nothing returning no`
  return forRows(sql, [row])
}

function toChange({ no, status, reason }: BroadcastRow, change: BroadcastChange, isDone: boolean): Statement {
  const keys = Object.keys(change).filter((key) => Reflect.get(change, key) !== undefined)
  const inputs = toInputs(keys)
  const set = columnNames(broadcasts, keys).map((name, n) => `${name} = ${inputs[n]}`)
  const sql = `update broadcasts set ${set.join(', ')} from ${recordset(broadcasts, '$1', { keys })}
where broadcasts.no = $2 and broadcasts.status = $3 and broadcasts.reason is not distinct from $4${isDone ? nobodyWaits : ''}`
  return forRows(sql, [change], no, status, reason)
}

/** As `recordset` calls the columns, in the order of `columnNames`. */
function toInputs(keys: readonly string[]): string[] {
  return Object.keys(getTableColumns(broadcasts))
    .filter((key) => keys.includes(key))
    .map((key) => `input."${key}"`)
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
} as const

import {
  type CompleteRun,
  type HeldRun,
  nothingDone,
  type Recorded,
  type SeenChunk,
  type SyncEnding,
  type SyncRunRow,
  type SyncRuns,
} from '../../syncRuns.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { columnNames, forRows, recordset, type Statement, selectList } from '../engine/statement.ts'
import { syncRuns } from './tables.ts'

const columns = selectList(syncRuns)
const counters = Object.keys(nothingDone)
const counterNames = counters.flatMap((key) => columnNames(syncRuns, [key]))
const isHeld = 'exists (select from leases where name = $2 and owner = $3)'

const lastSql = `select ${columns} from sync_runs where appid = $1 order by id desc limit 1`
const lastCompleteSql = `select ${columns} from sync_runs where appid = $1 and status = 'complete' order by id desc limit 1`
const completeSql = `select finished_at as "finishedAt", total from sync_runs
where appid = $1 and status = 'complete' and finished_at >= $2 order by id`
const seenSql = 'select chunk, bits from sync_seen where run_id = $1'
const giveUpSql = `update sync_runs set status = 'interrupted', finished_at = $2 where appid = $1 and status = 'running'`
const forgetSeenOfAllSql = 'delete from sync_seen where run_id in (select id from sync_runs where appid = $1)'
const insertSql = `insert into sync_runs (appid, status, "full", listed, resumed, total, started_at, ${counterNames.join(', ')})
values ($1, 'running', $2, false, false, 0, $3, ${counters.map(() => '0').join(', ')}) returning ${columns}`
const resumeSql = `update sync_runs set status = 'running', resumed = true, error = null, finished_at = null
where id = $1 returning ${columns}`
const toFullSql = 'update sync_runs set "full" = true where id = $1'
const positions = ['total', 'cursor', 'listed']
const addStepSql = `update sync_runs set ${[
  ...positions.map((name) => `${name} = input.${name}`),
  ...counterNames.map((name, index) => `${name} = sync_runs.${name} + input."${counters[index]}"`),
].join(', ')}
from ${recordset(syncRuns, '$1', { keys: ['id', ...positions, ...counters] })}
where sync_runs.id = input.id and ${isHeld}`
const keepSeenSql = `insert into sync_seen (run_id, chunk, bits)
select $1::bigint, chunk, bits from unnest($2::int[], $3::bytea[]) as input(chunk, bits)
on conflict (run_id, chunk) do update set bits = excluded.bits`
const endSql = `update sync_runs set status = $4, error = $5, finished_at = $6 where id = $1 and ${isHeld}`
const forgetSeenSql = 'delete from sync_seen where run_id = $1'
const purgeSql = `delete from sync_runs
where appid = $1 and started_at < $2 and status <> 'running' and (
  status <> 'complete'
  or id <> (select max(id) from sync_runs where appid = $1 and status = 'complete'))`

interface PostgresRecorded extends Recorded {
  writes?: Statement[]
}

/** The syncs of one service account. */
export function createSyncRuns(
  { query, write, clock: { toServer, fromServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): SyncRuns {
  const fromStored = (row: SyncRunRow): SyncRunRow => ({
    ...row,
    startedAt: fromServer(row.startedAt),
    finishedAt: fromServer(row.finishedAt),
  })

  const findLast = () => findOne(lastSql)

  async function findOne(sql: string): Promise<SyncRunRow | undefined> {
    const [row] = await query<SyncRunRow>(sql, [appid])
    return row && fromStored(row)
  }

  return {
    findLast,
    findLastComplete: () => findOne(lastCompleteSql),
    async findComplete(since) {
      const runs = await query<CompleteRun>(completeSql, [appid, toServer(since)])
      return runs.map(({ finishedAt, total }) => ({ finishedAt: fromServer(finishedAt), total }))
    },
    async begin({ full, now, resumableSince }) {
      const run = await findLast()
      const isUnfinished = run?.status === 'running' || run?.status === 'interrupted'
      if (run && isUnfinished && run.startedAt >= resumableSince && (run.full || !full)) {
        await write([{ sql: resumeSql, params: [run.id] }])
      } else {
        await write([
          { sql: giveUpSql, params: [appid, toServer(now)] },
          { sql: forgetSeenOfAllSql, params: [appid] },
          { sql: insertSql, params: [appid, full, toServer(now)] },
        ])
      }
      const begun = await findLast()
      if (!begun) throw new Error(`The run of ${appid} that was just begun is gone`)
      return begun
    },
    toFull: (id): Statement => ({ sql: toFullSql, params: [id] }),
    findSeen: (runId) => query<SeenChunk>(seenSql, [runId]),
    async record(
      { id, lease, owner }: HeldRun,
      { step, position, seen = [], writes = [] }: PostgresRecorded,
    ) {
      const [result] = await write([
        forRows(addStepSql, [{ id, ...position, ...step }], lease, owner),
        toKeepSeen(id, seen),
        ...writes,
      ])
      return result?.changes === 1
    },
    async finish({ id, lease, owner }: HeldRun, { status, error, finishedAt }: SyncEnding) {
      const params = [id, lease, owner, status, error, toServer(finishedAt)]
      const forgetting = status === 'interrupted' ? [] : [{ sql: forgetSeenSql, params: [id] }]
      await write([{ sql: endSql, params }, ...forgetting])
    },
    async purge(before) {
      const [result] = await write([{ sql: purgeSql, params: [appid, toServer(before)] }])
      return result?.changes ?? 0
    },
  }
}

function toKeepSeen(runId: number, seen: readonly SeenChunk[]): Statement {
  const params = [runId, seen.map(({ chunk }) => chunk), seen.map(({ bits }) => bits)]
  return { sql: keepSeenSql, params, isEmpty: seen.length === 0 }
}

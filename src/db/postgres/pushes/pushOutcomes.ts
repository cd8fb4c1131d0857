import { type FinalStatus, finalStatuses } from '../../../push/status.ts'
import type { PushOutcome, PushRow, PushRows } from '../../pushes.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { pushes } from '../schema.ts'
import { createPushTimes } from './pushTimes.ts'

/** By the clock of the server, which is $4 ahead of ours. */
const outcomesSql = `select ((finished_at - $4::bigint + $5::bigint) / $6::bigint) * $6::bigint - $5::bigint as at,
  status, reason, count(*) as total
from pushes
where appid = $1 and status = any($2) and finished_at >= $3 and finished_at < $7
group by 1, 2, 3 order by 1, 2, 3`

const finishedSql = `select ${selectList(pushes)} from pushes
where appid = $1 and status = $2 and finished_at is not null and finished_at >= $3 order by finished_at limit $4`

/** From the index alone, and the rows of the few that have just ended. */
export function createPushOutcomes(
  { query, clock }: Pick<PostgresDatabase, 'query' | 'clock'>,
  appid: string,
): Pick<PushRows, 'countOutcomes' | 'findFinished'> {
  const times = createPushTimes(clock)
  return {
    async findFinished(from, limit) {
      const queries = finalStatuses.map((status) =>
        query<PushRow>(finishedSql, [appid, status, clock.toServer(from), limit]),
      )
      return (await Promise.all(queries)).flat().map(times.fromStored)
    },
    async countOutcomes({ since, until, bucket, offset }) {
      const from = clock.toServer(since)
      const params = [appid, finalStatuses, from, from - since, offset, bucket, clock.toServer(until)]
      const rows = await query<OutcomeRow>(outcomesSql, params)
      const outcomes = new Map<string, PushOutcome>()
      for (const { at, status, reason, total } of rows) {
        const outcome = outcomes.get(`${at} ${status}`) ?? { at, status, total: 0, reasons: {} }
        outcome.total += total
        if (reason !== null) outcome.reasons[reason] = total
        outcomes.set(`${at} ${status}`, outcome)
      }
      return [...outcomes.values()]
    },
  }
}

interface OutcomeRow {
  at: number
  status: FinalStatus
  reason: string | null
  total: number
}

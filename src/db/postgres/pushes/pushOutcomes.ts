import { minute } from '../../../base/duration.ts'
import { type FinalStatus, finalStatuses } from '../../../push/status.ts'
import type { PushOutcome, PushRow, PushRows } from '../../pushes.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { createPushTimes } from './pushTimes.ts'
import { pushes } from './tables.ts'

/** By the clock of the server, which is $4 ahead of ours. */
const outcomesSql = `select ((finished_at - $4::bigint + $5::bigint) / $6::bigint) * $6::bigint - $5::bigint as at,
  status, reason, count(*) as total
from pushes
where appid = $1 and status = any($2) and finished_at >= $3 and finished_at < $7
group by 1, 2, 3 order by 1, 2, 3`

/** The same of recipients of broadcasts, by the minute, $3 ahead of ours. */
const broadcastsSql = `select ((o.minute * 60000::bigint + 30000 - $3::bigint + $4::bigint) / $5::bigint) * $5::bigint - $4::bigint as at,
  o.status, nullif(o.reason, '') as reason, sum(o.total) as total
from broadcasts b cross join lateral (
  select * from broadcast_outcomes where broadcast = b.no and minute >= $2 and minute < $6 offset 0) o
where b.appid = $1 group by 1, 2, 3 having sum(o.total) > 0`

const finishedSql = `select ${selectList(pushes)} from pushes
where appid = $1 and status = $2 and finished_at is not null and finished_at >= $3 order by finished_at limit $4`

/** Those that had ended before, and of which WeChat has told since then why they were not delivered. */
const explainedSql = `select ${selectList(pushes)} from pushes join (
  select push_id, told_at from intercepted_messages
  where appid = $1 and told_at >= $2 and push_id is not null order by told_at limit $3) told on pushes.id = told.push_id
where pushes.appid = $1 and pushes.finished_at < $2 order by told.told_at`

/** From the index alone, and the rows of the few that have just ended. */
export function createPushOutcomes(
  { query, clock }: Pick<PostgresDatabase, 'query' | 'clock'>,
  appid: string,
): Pick<PushRows, 'countOutcomes' | 'findFinished'> {
  const times = createPushTimes(clock)
  return {
    async findFinished(from, limit) {
      const since = clock.toServer(from)
      const finished = finalStatuses.map((status) =>
        query<PushRow>(finishedSql, [appid, status, since, limit]),
      )
      const explained = query<PushRow>(explainedSql, [appid, since, limit])
      return (await Promise.all([...finished, explained])).flat().map(times.fromStored)
    },
    async countOutcomes({ since, until, bucket, offset }) {
      const from = clock.toServer(since)
      const params = [appid, finalStatuses, from, from - since, offset, bucket, clock.toServer(until)]
      const [first, end] = [Math.floor(from / minute), Math.ceil(clock.toServer(until) / minute)]
      const ofBroadcasts = [appid, first, from - since, offset, bucket, end]
      const lists = await Promise.all([
        query<OutcomeRow>(outcomesSql, params),
        query<OutcomeRow>(broadcastsSql, ofBroadcasts),
      ])
      const outcomes = new Map<string, PushOutcome>()
      for (const { at, status, reason, total } of lists.flat()) {
        const outcome = outcomes.get(`${at} ${status}`) ?? { at, status, total: 0, reasons: {} }
        outcome.total += total
        if (reason !== null) outcome.reasons[reason] = (outcome.reasons[reason] ?? 0) + total
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

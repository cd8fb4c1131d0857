import { manualPause } from '../../../push/status.ts'
import type { AccountState, AccountStateRow } from '../../accountState.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { selectList } from '../engine/statement.ts'
import { accountState } from './tables.ts'

const running = 'paused_reason = null, paused_detail = null, paused_since = null, probe_at = null, probes = 0'
const isPaused = 'appid = $1 and paused_reason is not null'
const inTrial = `${isPaused} and paused_reason <> '${manualPause}' and probe_at is null`
const findSql = `select ${selectList(accountState)} from account_state where appid = $1`
const pauseSql = `insert into account_state (appid, paused_reason, paused_detail, paused_since, probe_at, probes)
values ($1, $2, $3, $4, $5, 0)
on conflict (appid) do update set paused_reason = excluded.paused_reason, paused_detail = excluded.paused_detail,
  paused_since = excluded.paused_since, probe_at = excluded.probe_at, probes = 0
where account_state.paused_reason is null`
const claimProbeSql = `update account_state set probe_at = $3, probes = probes + 1
where ${isPaused} and probe_at <= $2`
const pauseByHandSql = `insert into account_state (appid, paused_reason, paused_detail, paused_since, probes)
values ($1, '${manualPause}', $2, $3, 0)
on conflict (appid) do update set paused_reason = excluded.paused_reason, paused_detail = excluded.paused_detail,
  paused_since = excluded.paused_since, probe_at = null, probes = 0
where account_state.paused_reason is distinct from excluded.paused_reason`
const startTrialSql = 'update account_state set probe_at = null where appid = $1 and paused_reason = $2'
const refuseTrialSql = `update account_state set paused_reason = $2, paused_detail = $3, probe_at = $4 where ${inTrial}`
const endTrialSql = `update account_state set ${running} where ${inTrial}`
const resumeSql = `update account_state set ${running} where ${isPaused}`
const slowDownSql = `insert into account_state (appid, probes, rate, refused_rate, refused_at)
values ($1, 0, $2, $3, $4)
on conflict (appid) do update
set rate = excluded.rate, refused_rate = excluded.refused_rate, refused_at = excluded.refused_at
where account_state.rate is null or account_state.refused_at is null
  or abs(account_state.refused_at - excluded.refused_at) >= $5`
/** What was read and comes back was moved to another clock and again from it, and may be off by a little. */
const sameTime = 5
const setRateSql = `update account_state set rate = $2 where appid = $1
  and (refused_at is null and $3::bigint is null or abs(refused_at - $3) <= ${sameTime})`

/**
 * What all workers of one account have to know: whether it is paused, why, and its pace. Its times are kept by the clock
 * of the server.
 */
export function createAccountState(
  { query, write, clock: { toServer, fromServer } }: Pick<PostgresDatabase, 'query' | 'write' | 'clock'>,
  appid: string,
): AccountState {
  async function change(sql: string, ...values: unknown[]): Promise<boolean> {
    const [result] = await write([{ sql, params: [appid, ...values] }])
    return result?.changes === 1
  }
  return {
    async find() {
      const [row] = await query<AccountStateRow>(findSql, [appid])
      return (
        row && {
          ...row,
          pausedSince: fromServer(row.pausedSince),
          probeAt: fromServer(row.probeAt),
          refusedAt: fromServer(row.refusedAt),
        }
      )
    },
    pause: ({ reason, detail, since, probeAt }) =>
      change(pauseSql, reason, detail, toServer(since), toServer(probeAt)),
    claimProbe: (now, nextProbeAt) => change(claimProbeSql, toServer(now), toServer(nextProbeAt)),
    pauseByHand: ({ detail, since }) => change(pauseByHandSql, detail, toServer(since)),
    startTrial: (reason) => change(startTrialSql, reason),
    refuseTrial: ({ reason, detail, probeAt }) => change(refuseTrialSql, reason, detail, toServer(probeAt)),
    endTrial: () => change(endTrialSql),
    resume: () => change(resumeSql),
    slowDown: ({ rate, refusedRate, at, apart }) =>
      change(slowDownSql, rate, refusedRate, toServer(at), apart),
    setRate: (rate, refusedAt) => change(setRateSql, rate, toServer(refusedAt)),
  }
}

import type { HeldPush } from '../../heldPushes.ts'
import type { Statement } from '../engine/statement.ts'

const isHeld = 'pushes.held_for is not null and pushes.finished_at is null'

/**
 * From the few users who were touched to their pushes, and not at all when nothing is held: a sync touches a million.
 * Then to those of other accounts too, which may go to this one: their lines are named by more than the unionid.
 */
const releaseSql = `insert into pending_releases (appid, recipient)
with known as materialized (
  select openid, unionid from followers
  where appid = $1 and openid = any($2) and subscribed and exists (select from pushes where ${isHeld})
), names as (select unionid as recipient from known union all select openid from known)
select distinct pushes.appid, names.recipient from names join pushes
  on pushes.held_for = names.recipient and ${isHeld} and pushes.appid = $1 and pushes.reason = 'hold'
union all
select distinct pushes.appid, pushes.held_for from known join pushes
  on pushes.unionid = known.unionid and ${isHeld} and pushes.reason = 'hold' and pushes.held_for <> pushes.unionid`

/**
 * No transaction sees what another has not committed: a push that is held while its user begins to follow would be
 * overlooked by both. So those that hold wait for those that make followers under way, and the other way round.
 */
const lockSql = (mode: '' | '_shared') =>
  `select pg_advisory_xact_lock${mode}(hashtextextended('unionpush held ' || current_schema(), 0))`

const releaseIfFollowingSql = `insert into pending_releases (appid, recipient)
(select appid, $2 from followers where appid = $1 and subscribed and unionid = $2 group by appid having count(*) = 1)
union all (select appid, $2 from followers where appid = $1 and subscribed and openid = $2) limit 1`

const releaseIfAnySql = `insert into pending_releases (appid, recipient)
select $1, $2 from followers where appid = any($3) and subscribed and unionid = $4
group by appid having count(*) = 1 limit 1`

/**
 * For the end of every transaction that may have made followers of these users, or told their unionid: notes those who
 * follow now and for whom pushes are held.
 */
export function toPendingReleases(appid: string, touched: readonly string[]): Statement[] {
  return touched.length === 0
    ? []
    : [
        { sql: lockSql('_shared'), params: [] },
        { sql: releaseSql, params: [appid, touched] },
      ]
}

/**
 * For the transaction that holds a push, which may go to the `others` too: the follow may have come since the table was
 * asked. Nobody is released while several carry the unionid.
 */
export function toPendingReleasesOf(
  appid: string,
  { heldFor, unionid }: Pick<HeldPush, 'heldFor' | 'unionid'>,
  others: readonly string[],
): Statement[] {
  const release =
    others.length === 0
      ? { sql: releaseIfFollowingSql, params: [appid, heldFor] }
      : { sql: releaseIfAnySql, params: [appid, heldFor, [appid, ...others], unionid] }
  return [{ sql: lockSql(''), params: [] }, release]
}

import type { HeldPush } from '../../heldPushes.ts'
import type { Statement } from '../engine/statement.ts'

/** Openids per statement, so that it is prepared once; shorter lists repeat their last one. */
const slots = 100
const openids = Array.from({ length: slots }, () => '?').join(', ')
const isHeld = `pushes.held_for is not null and pushes.finished_at is null`

/**
 * From the few users who were touched to their pushes, and not at all when nothing is held: a sync touches a million.
 * Then to those of other accounts too, which may go to this one: their lines are named by more than the unionid.
 */
const releaseSql = `insert into pending_releases (appid, recipient)
with known as materialized (
  select openid, unionid from followers
  where appid = ? and openid in (${openids}) and subscribed and exists (select 1 from pushes where ${isHeld})
), names as (select unionid as recipient from known union all select openid from known)
select distinct pushes.appid, names.recipient from names cross join pushes
where pushes.held_for = names.recipient and ${isHeld} and pushes.appid = ? and +pushes.reason = 'hold'
union all
select distinct pushes.appid, pushes.held_for from known cross join pushes
where pushes.unionid = known.unionid and ${isHeld} and +pushes.reason = 'hold' and pushes.held_for <> pushes.unionid`

const releaseIfFollowingSql = `insert into pending_releases (appid, recipient)
select appid, ? from followers where appid = ? and subscribed and unionid = ? group by appid having count(*) = 1
union all select appid, ? from followers where appid = ? and subscribed and openid = ? limit 1`

const releaseIfAnySql = `insert into pending_releases (appid, recipient)
select ?, ? from followers where appid in (select value from json_each(?)) and subscribed and unionid = ?
group by appid having count(*) = 1 limit 1`

/**
 * For the end of every transaction that may have made followers of these users, or told their unionid: notes those who
 * follow now and for whom pushes are held.
 */
export function toPendingReleases(appid: string, touched: readonly string[]): Statement[] {
  const statements: Statement[] = []
  for (let start = 0; start < touched.length; start += slots) {
    const chunk = touched.slice(start, start + slots)
    const filled = Array.from({ length: slots }, (_, slot) => chunk[slot] ?? chunk.at(-1))
    statements.push({ sql: releaseSql, params: [appid, ...filled, appid] })
  }
  return statements
}

/**
 * For the transaction that holds a push, which may go to the `others` too: the follow may have come since the table was
 * asked. Nobody is released while several carry the unionid.
 */
export function toPendingReleaseOf(
  appid: string,
  { heldFor, unionid }: Pick<HeldPush, 'heldFor' | 'unionid'>,
  others: readonly string[],
): Statement {
  return others.length === 0
    ? { sql: releaseIfFollowingSql, params: [heldFor, appid, heldFor, heldFor, appid, heldFor] }
    : { sql: releaseIfAnySql, params: [appid, heldFor, JSON.stringify([appid, ...others]), unionid] }
}

import type { Statement } from './engine/statement.ts'

const isHeld = 'pushes.held_for is not null and pushes.finished_at is null'

/** From the few users who were touched to their pushes, and not at all when nothing is held: a sync touches a million. */
const releaseSql = `insert into pending_releases (appid, recipient)
with known as materialized (
  select openid, unionid from followers
  where appid = $1 and openid = any($2) and subscribed and exists (select from pushes where ${isHeld})
), names as (select unionid as recipient from known union all select openid from known)
select distinct pushes.appid, names.recipient from names join pushes
  on pushes.held_for = names.recipient and ${isHeld} and pushes.appid = $1 and pushes.reason = 'hold'`

const releaseIfFollowingSql = `insert into pending_releases (appid, recipient)
(select appid, $2 from followers where appid = $1 and subscribed and unionid = $2 group by appid having count(*) = 1)
union all (select appid, $2 from followers where appid = $1 and subscribed and openid = $2) limit 1`

/**
 * For the end of every transaction that may have made followers of these users, or told their unionid: notes those who
 * follow now and for whom pushes are held.
 */
export function toPendingReleases(appid: string, touched: readonly string[]): Statement[] {
  return touched.length === 0 ? [] : [{ sql: releaseSql, params: [appid, touched] }]
}

/**
 * For the transaction that holds a push: the follow may have come since the table was asked. Nobody is released while
 * several carry the unionid.
 */
export function toPendingReleaseOf(appid: string, recipient: string): Statement {
  return { sql: releaseIfFollowingSql, params: [appid, recipient] }
}

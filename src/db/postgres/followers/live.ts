import { clockTolerance } from '../../clock.ts'
import type { AppUser, FollowChange, LiveFollowers } from '../../liveFollowers.ts'
import { purgeAll, purgeLimit } from '../../purge.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, type Statement } from '../engine/statement.ts'
import { toPendingReleases } from '../pushes/pendingReleases.ts'

/** Told to be one: what is added to it would have it be an integer, which holds no time. */
const now = '$3::bigint'
const isOfTheFuture = (time: string) => `${time} > ${now} + ${clockTolerance}`
/** Of two events in the same second the one that came later counts. */
const isNewer = `(coalesce(followers.event_at, 0) <= excluded.event_at or ${isOfTheFuture('followers.event_at')})`
const changes = 'json_to_recordset($1::json) as input(openid text, at bigint)'
const followSql = `insert into followers (appid, openid, subscribed, subscribe_time, event_at)
select $2, openid, true, at, at from ${changes}
on conflict (appid, openid) do update
set subscribed = true, subscribe_time = excluded.subscribe_time, unsubscribed_at = null, event_at = excluded.event_at
where ${isNewer}`
/** A sync may know of a later follow whose own event was lost. */
const unfollowSql = `insert into followers (appid, openid, subscribed, unsubscribed_at, event_at)
select $2, openid, false, at, at from ${changes}
on conflict (appid, openid) do update
set subscribed = false, unsubscribed_at = excluded.unsubscribed_at, event_at = excluded.event_at
where ${isNewer} and not (followers.subscribed and coalesce(followers.subscribe_time, 0) > excluded.event_at
  and not coalesce(${isOfTheFuture('followers.subscribe_time')}, false))`
const users = 'json_to_recordset($1::json) as input(openid text, app text)'
const nothingPersonal = 'unionid = null, remark = null, tag_ids = null, scene = null'
const forgetFollowerSql = `update followers set ${nothingPersonal} from ${users}
where followers.appid = input.app and followers.openid = input.openid and not followers.subscribed`
const forgetUserSql = `delete from users using ${users} where users.appid = input.app and users.openid = input.openid`
/**
 * As in the index, which holds only those of whom there is something left. Who comes back in that moment
 * keeps theirs: a row that was changed meanwhile is compared with the outer conditions once more, and with no others.
 */
const purgeSql = `update followers set ${nothingPersonal} where id in (
  select id from followers where unsubscribed_at < $2 and not subscribed and appid || '' = $1
    and (unionid is not null or remark is not null or tag_ids is not null or scene is not null)
  limit ${purgeLimit}) and not subscribed and unsubscribed_at < $2`

export function createLiveFollowers(
  { write, clock: { toServer } }: Pick<PostgresDatabase, 'write' | 'clock'>,
  appid: string,
): LiveFollowers {
  function toStatement(sql: string, changes: readonly FollowChange[]): Statement {
    const now = Math.max(...changes.map((change) => change.now))
    return changes.length === 0
      ? { sql, params: [], isEmpty: true }
      : forRows(sql, toLatest(changes), appid, toServer(now))
  }
  return {
    toFollow: (changes) => [
      toStatement(followSql, changes),
      ...toPendingReleases(
        appid,
        changes.map(({ openid }) => openid),
      ),
    ],
    toUnfollow: (changes) => toStatement(unfollowSql, changes),
    toForgetFollowers: (gone: readonly AppUser[]) => forRows(forgetFollowerSql, gone),
    toForgetUsers: (gone: readonly AppUser[]) => forRows(forgetUserSql, gone),
    purgeUnfollowed: (before) =>
      purgeAll(
        async () => (await write([{ sql: purgeSql, params: [appid, toServer(before)] }]))[0]?.changes ?? 0,
      ),
  }
}

/** A statement takes a row once: of several changes of one user the newest one is what is left of them. */
function toLatest(changes: readonly FollowChange[]): FollowChange[] {
  const latest = new Map<string, FollowChange>()
  for (const change of changes) {
    const known = latest.get(change.openid)
    if (!known || known.at <= change.at) latest.set(change.openid, change)
  }
  return [...latest.values()]
}

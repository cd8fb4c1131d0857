import { type AnyColumn, and, eq, isNotNull, lt, or, sql } from 'drizzle-orm'
import { clockTolerance } from '../../clock.ts'
import type { AppUser, FollowChange, LiveFollowers } from '../../liveFollowers.ts'
import { purgeAll, purgeLimit } from '../../purge.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, type Statement } from '../engine/statement.ts'
import { toPendingReleases } from '../pushes/pendingReleases.ts'
import { users } from '../users/tables.ts'
import { followers } from './tables.ts'

export function createLiveFollowers(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): LiveFollowers {
  const placed = sql.placeholder
  const { openid, subscribed, unsubscribedAt, unionid, remark, tagIds, scene } = followers
  const nothingPersonal = { unionid: null, remark: null, tagIds: null, scene: null }
  const { follow, unfollow } = compileEvents(read, appid)
  const isFollowerGone = and(
    eq(followers.appid, placed('app')),
    eq(openid, placed('openid')),
    eq(subscribed, false),
  )
  const forgetFollower = compileWrite<AppUser>(
    read.update(followers).set(nothingPersonal).where(isFollowerGone),
  )
  const forgetUser = compileWrite<AppUser>(
    read.delete(users).where(and(eq(users.appid, placed('app')), eq(users.openid, placed('openid')))),
  )
  const isPersonal = or(isNotNull(unionid), isNotNull(remark), isNotNull(tagIds), isNotNull(scene))
  const purge = compileWrite<{ before: number }>(
    read
      .update(followers)
      .set(nothingPersonal)
      .where(
        // As in the index, which holds only those of whom there is something left.
        sql`${followers.id} in (select ${followers.id} from ${followers}
          where ${lt(unsubscribedAt, placed('before'))} and ${isPersonal}
          and not ${subscribed} and +${eq(followers.appid, appid)} limit ${purgeLimit})`,
      ),
  )

  return {
    toFollow(changes: readonly FollowChange[]): Statement[] {
      return [
        follow.each(changes),
        ...toPendingReleases(
          appid,
          changes.map(({ openid }) => openid),
        ),
      ]
    },

    toUnfollow(changes: readonly FollowChange[]): Statement {
      return unfollow.each(changes)
    },

    toForgetFollowers(gone: readonly AppUser[]): Statement {
      return forgetFollower.each(gone)
    },

    toForgetUsers(gone: readonly AppUser[]): Statement {
      return forgetUser.each(gone)
    },

    async purgeUnfollowed(before: number): Promise<number> {
      return purgeAll(() => countChanged(write, [purge.once({ before })]))
    },
  }
}

/** Of two events about one follower the later one counts. */
function compileEvents(read: SqliteDatabase['read'], appid: string) {
  const placed = sql.placeholder
  const { openid, subscribed, subscribeTime, eventAt } = followers
  const isOfTheFuture = (time: AnyColumn) =>
    sql`${time} > ${placed('now')} + ${sql.raw(String(clockTolerance))}`
  // Of two events in the same second the one that came later counts.
  const isNewer = sql`(coalesce(${eventAt}, 0) <= excluded.event_at or ${isOfTheFuture(eventAt)})`
  const target = [followers.appid, openid]

  const follow = compileWrite<FollowChange>(
    read
      .insert(followers)
      .values({
        appid,
        openid: placed('openid'),
        subscribed: true,
        subscribeTime: placed('at'),
        eventAt: placed('at'),
      })
      .onConflictDoUpdate({
        target,
        set: {
          subscribed: true,
          subscribeTime: sql`excluded.subscribe_time`,
          unsubscribedAt: null,
          eventAt: sql`excluded.event_at`,
        },
        setWhere: isNewer,
      }),
  )
  const unfollow = compileWrite<FollowChange>(
    read
      .insert(followers)
      .values({
        appid,
        openid: placed('openid'),
        subscribed: false,
        unsubscribedAt: placed('at'),
        eventAt: placed('at'),
      })
      .onConflictDoUpdate({
        target,
        set: {
          subscribed: false,
          unsubscribedAt: sql`excluded.unsubscribed_at`,
          eventAt: sql`excluded.event_at`,
        },
        // A sync may know of a later follow whose own event was lost.
        setWhere: sql`${isNewer} and not (${subscribed} and coalesce(${subscribeTime}, 0) > excluded.event_at
          and not coalesce(${isOfTheFuture(subscribeTime)}, 0))`,
      }),
  )
  return { follow, unfollow }
}

import { type AnyColumn, and, eq, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { day } from '../../../base/duration.ts'
import { clockTolerance } from '../../clock.ts'
import type { Asked, FollowerFacts } from '../../followers.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, type Statement } from '../engine/statement.ts'
import { toPendingReleases } from '../pushes/pendingReleases.ts'
import { followers } from './tables.ts'

interface Left {
  openid: string
  at: number
}

/** Statements about followers, for transactions that write something else too. */
export function createFollowerWrites(read: SqliteDatabase['read'], appid: string) {
  const placed = sql.placeholder
  const { openid, unionid, subscribed, subscribeTime, scene, tagIds, remark, seenRun } = followers
  /** `at` = now or a little earlier. */
  const isNotAfter = (time: AnyColumn, at: SQL | Placeholder) =>
    sql`(coalesce(${time}, 0) <= ${at} or ${time} > ${at} + ${sql.raw(String(clockTolerance))})`
  const nothingSince = (at: SQL | Placeholder) =>
    sql`${isNotAfter(followers.eventAt, at)} and ${isNotAfter(followers.infoAt, at)}`
  const isNews = isNotAfter(followers.infoAt, sql`excluded.info_at`)
  // WeChat's times both: what it says right after an event must not look older because its clock is ahead of ours.
  const isAfterUnfollow = sql`(${subscribed}
    or coalesce(excluded.subscribe_time, excluded.info_at) >= coalesce(${followers.eventAt}, 0)
    or ${followers.eventAt} > excluded.info_at + ${sql.raw(String(clockTolerance))})`

  const upsert = compileWrite<FollowerFacts & Asked>(
    read
      .insert(followers)
      .values({
        appid,
        openid: placed('openid'),
        unionid: placed('unionid'),
        subscribed: true,
        subscribeTime: placed('subscribeTime'),
        scene: placed('scene'),
        tagIds: placed('tagIds'),
        remark: placed('remark'),
        seenRun: placed('runId'),
        infoAt: placed('at'),
      })
      .onConflictDoUpdate({
        target: [followers.appid, openid],
        set: {
          unionid: sql`coalesce(excluded.unionid, ${unionid})`,
          subscribed: true,
          subscribeTime: sql`coalesce(excluded.subscribe_time, ${subscribeTime})`,
          unsubscribedAt: null,
          scene: sql`coalesce(excluded.scene, ${scene})`,
          tagIds: sql`coalesce(excluded.tag_ids, ${tagIds})`,
          remark: sql`coalesce(excluded.remark, ${remark})`,
          seenRun: sql`coalesce(excluded.seen_run, ${seenRun})`,
          infoAt: sql`excluded.info_at`,
        },
        setWhere: sql`${isNews} and ${isAfterUnfollow}`,
      }),
  )
  const unsubscribe = compileWrite<Left>(
    read
      .update(followers)
      .set({ subscribed: false, unsubscribedAt: sql`${placed('at')}` })
      .where(
        and(
          eq(followers.appid, appid),
          eq(openid, placed('openid')),
          eq(subscribed, true),
          nothingSince(placed('at')),
        ),
      ),
  )
  return {
    /**
     * What WeChat said replaces what is known, what it left out stays, and what was learned later than `at` wins.
     * Who does not follow and was never seen gets no row.
     */
    toUpsert(infos: readonly FollowerFacts[], asked: Asked): Statement[] {
      const following = infos.filter((info) => info.subscribed).map((info) => toBounded(info, asked.at))
      const left = infos.filter((info) => !info.subscribed)
      return [
        upsert.eachWith(asked, following),
        unsubscribe.eachWith({ at: asked.at }, left),
        ...toPendingReleases(
          appid,
          following.map(({ openid }) => openid),
        ),
      ]
    },
    toUnsubscribe(openids: readonly string[], at: number): Statement {
      return unsubscribe.eachWith(
        { at },
        openids.map((openid) => ({ openid })),
      )
    },
  }
}

/** A follow that is to come is a mistake of some clock. */
function toBounded(info: FollowerFacts, at: number): FollowerFacts {
  return (info.subscribeTime ?? 0) > at + day ? { ...info, subscribeTime: undefined } : info
}

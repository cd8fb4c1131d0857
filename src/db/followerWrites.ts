import { and, eq, type Placeholder, type SQL, sql } from 'drizzle-orm'
import { toArrivals } from './arrivals.ts'
import type { Database } from './open.ts'
import { followers } from './schema.ts'
import { compileWrite, type Statement } from './statement.ts'

/** What WeChat told about a user; absent means that it said nothing. Times are epoch milliseconds. */
export interface FollowerFacts {
  openid: string
  subscribed: boolean
  unionid?: string | undefined
  subscribeTime?: number | undefined
  scene?: string | undefined
  tagIds?: number[] | undefined
  remark?: string | undefined
}

interface Asked {
  /** When WeChat was asked, epoch milliseconds. */
  at: number
  runId?: number | undefined
}

interface Left {
  openid: string
  at: number
}

interface Unlisted {
  id: number
  at: number
  startedAt: number
}

export type FollowerWrites = ReturnType<typeof createFollowerWrites>

/** Statements about followers, for transactions that write something else too. */
export function createFollowerWrites(read: Database['read'], appid: string) {
  const placed = sql.placeholder
  const { openid, unionid, subscribed, subscribeTime, scene, tagIds, remark, seenRun } = followers
  const nothingSince = (at: SQL | Placeholder) =>
    sql`coalesce(${followers.eventAt}, 0) <= ${at} and coalesce(${followers.infoAt}, 0) <= ${at}`
  const isNews = sql`coalesce(${followers.infoAt}, 0) <= excluded.info_at`
  // WeChat's times both: what it says right after an event must not look older because its clock is ahead of ours.
  const isAfterUnfollow = sql`(${subscribed}
    or coalesce(excluded.subscribe_time, excluded.info_at) >= coalesce(${followers.eventAt}, 0))`

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
  const unsubscribeUnlisted = compileWrite<Unlisted>(
    read
      .update(followers)
      .set({ subscribed: false, unsubscribedAt: sql`${placed('at')}` })
      .where(
        and(
          eq(followers.id, placed('id')),
          eq(subscribed, true),
          nothingSince(placed('startedAt')),
          sql`coalesce(${subscribeTime}, 0) < ${placed('startedAt')}`,
        ),
      ),
  )

  return {
    /**
     * What WeChat said replaces what is known, what it left out stays, and what was learned later than `at` wins.
     * Who does not follow and was never seen gets no row.
     */
    toUpsert(infos: readonly FollowerFacts[], asked: Asked): Statement[] {
      const following = infos.filter((info) => info.subscribed)
      const left = infos.filter((info) => !info.subscribed)
      return [
        upsert.eachWith(asked, following),
        unsubscribe.eachWith({ at: asked.at }, left),
        ...toArrivals(
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
    /** Leaves alone whom an event brought after `startedAt`. */
    toUnsubscribeUnlisted(ids: readonly number[], times: Omit<Unlisted, 'id'>): Statement {
      return unsubscribeUnlisted.eachWith(
        times,
        ids.map((id) => ({ id })),
      )
    },
  }
}

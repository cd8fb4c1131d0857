import { day } from '../../../base/duration.ts'
import { clockTolerance } from '../../clock.ts'
import type { Asked, FollowerFacts } from '../../followers.ts'
import { createAnalysis } from '../engine/analysis.ts'
import type { PostgresDatabase } from '../engine/open.ts'
import { forRows, recordset, type Statement } from '../engine/statement.ts'
import { toPendingReleases } from '../pushes/pendingReleases.ts'
import { followers } from './tables.ts'

/** `at` = now or a little earlier. */
const isNotAfter = (time: string, at: string) =>
  `(coalesce(${time}, 0) <= ${at} or ${time} > ${at} + ${clockTolerance})`
const keys = ['openid', 'unionid', 'subscribeTime', 'scene', 'tagIds', 'remark']

/** WeChat's times both: what it says right after an event must not look older because its clock is ahead of ours. */
const toAfterUnfollow = (subscribeTime: string) => `(followers.subscribed
  or coalesce(${subscribeTime}, $3) >= coalesce(followers.event_at, 0)
  or followers.event_at > $3 + ${clockTolerance})`
const toChanges = (news: {
  unionid: string
  subscribeTime: string
  scene: string
  tagIds: string
  remark: string
}) =>
  `unionid = coalesce(${news.unionid}, followers.unionid), subscribed = true,
  subscribe_time = coalesce(${news.subscribeTime}, followers.subscribe_time), unsubscribed_at = null,
  scene = coalesce(${news.scene}, followers.scene), tag_ids = coalesce(${news.tagIds}, followers.tag_ids),
  remark = coalesce(${news.remark}, followers.remark), seen_run = coalesce($4, followers.seen_run), info_at = $3`
const isNews = isNotAfter('followers.info_at', '$3')

/**
 * Who has a row is updated first, because each row that `on conflict` finds there would use up a row number, and sync
 * runs count on their being dense. Only who became a follower at the same moment elsewhere comes to it.
 */
const upsertSql = `with input as materialized (select * from ${recordset(followers, '$1', { keys })}),
known as (
  update followers set ${toChanges({
    unionid: 'input.unionid',
    subscribeTime: 'input."subscribeTime"',
    scene: 'input.scene',
    tagIds: 'input."tagIds"',
    remark: 'input.remark',
  })}
  from input where followers.appid = $2 and followers.openid = input.openid
    and ${isNews} and ${toAfterUnfollow('input."subscribeTime"')}
)
insert into followers (appid, openid, unionid, subscribed, subscribe_time, scene, tag_ids, remark, seen_run, info_at)
select $2, openid, unionid, true, "subscribeTime", scene, "tagIds", remark, $4::bigint, $3::bigint from input
where not exists (select from followers where followers.appid = $2 and followers.openid = input.openid)
on conflict (appid, openid) do update set ${toChanges({
  unionid: 'excluded.unionid',
  subscribeTime: 'excluded.subscribe_time',
  scene: 'excluded.scene',
  tagIds: 'excluded.tag_ids',
  remark: 'excluded.remark',
})}
where ${isNews} and ${toAfterUnfollow('excluded.subscribe_time')}`
const unsubscribeSql = `update followers set subscribed = false, unsubscribed_at = $3
where appid = $1 and openid = any($2) and subscribed
  and ${isNotAfter('event_at', '$3')} and ${isNotAfter('info_at', '$3')}`

/** Statements about followers, for transactions that write something else too. When WeChat was asked is told by the clock of the server. */
export function createFollowerWrites({ toServer }: PostgresDatabase['clock'], appid: string) {
  const analysis = createAnalysis('followers')
  function toUnsubscribe(openids: readonly string[], at: number): Statement {
    const params = [appid, openids, toServer(at)]
    return { sql: unsubscribeSql, params, isEmpty: openids.length === 0 }
  }
  return {
    toUpsert(
      infos: readonly FollowerFacts[],
      { at, runId = null }: Asked | { at: number; runId?: null },
    ): Statement[] {
      const following = infos.filter((info) => info.subscribed).map((info) => toBounded(info, at))
      const left = infos.filter((info) => !info.subscribed)
      const touched = following.map(({ openid }) => openid)
      return [
        ...toWaves(following).map((wave) => forRows(upsertSql, wave, appid, toServer(at), runId)),
        toUnsubscribe(
          left.map(({ openid }) => openid),
          at,
        ),
        ...toPendingReleases(appid, touched),
        ...analysis(following.length),
      ]
    },
    toUnsubscribe,
  }
}

/** A statement takes a row once; who is named twice comes in the next one. */
function toWaves(infos: readonly FollowerFacts[]): FollowerFacts[][] {
  const waves: Map<string, FollowerFacts>[] = []
  for (const info of infos) {
    let wave = waves.find((wave) => !wave.has(info.openid))
    if (!wave) {
      wave = new Map()
      waves.push(wave)
    }
    wave.set(info.openid, info)
  }
  return waves.map((wave) => [...wave.values()])
}

/** A follow that is to come is a mistake of some clock. */
function toBounded(info: FollowerFacts, at: number): FollowerFacts {
  return (info.subscribeTime ?? 0) > at + day ? { ...info, subscribeTime: undefined } : info
}

import { second } from '../../../base/duration.ts'
import { clockTolerance } from '../../clock.ts'
import type { FindOptions, Followers, ListedFollower, RunStart, UnlistedFollower } from '../../followers.ts'
import type { PostgresDatabase } from '../engine/open.ts'

/** Followers per look. */
const pageSize = 5_000

const listedSql = `select id, openid, unionid is not null as "hasUnionid", coalesce(seen_run, 0) = $3 as "isFetched",
  (subscribed and coalesce(info_at, 0) > $4 and info_at <= $5 and (unionid is not null or not $6::boolean)) as "isFresh"
from followers where appid = $1 and openid = any($2)`
/** A time ahead of our clock is a mistake of some clock, and tells nothing. */
const isBefore = (time: string) => `(coalesce(${time}, 0) < $4 or ${time} > $5)`
/** The page is looked through there, because nearly all of it is of no interest here. */
const unlistedSql = `with page as materialized (
  select id, openid, (subscribed and coalesce(seen_run, 0) <> $3 and ${isBefore('event_at')} and ${isBefore('subscribe_time')}) as wanted
  from followers where appid = $1 and openid > $2 order by openid limit ${pageSize}
)
select max(openid) as last, count(*) as size,
  coalesce(json_agg(json_build_object('id', id, 'openid', openid)) filter (where wanted), '[]') as unlisted
from page`
const sampleSql = (isWanted: string) =>
  `select openid, unionid from followers where appid = $1 and subscribed and unionid ${isWanted} limit $2`
const namedSql = sampleSql('is not null')
const namelessSql = sampleSql('is null')
const countNamelessSql = `select count(*) as total from (
  select from followers where appid = $1 and subscribed and unionid is null limit $2) as nameless`

/** Compares WeChat's list of followers with the table. */
export function createFollowerListing(
  { query, clock: { toServer } }: Pick<PostgresDatabase, 'query' | 'clock'>,
  appid: string,
): Pick<Followers, 'findSample' | 'countNameless' | 'findListed' | 'unlisted'> {
  return {
    async findSample(limit) {
      const found = await query<{ openid: string; unionid: string | null }>(namedSql, [appid, limit])
      return found.length > 0 ? found : query(namelessSql, [appid, limit])
    },
    async countNameless(limit) {
      const [row] = await query<{ total: number }>(countNamelessSql, [appid, limit])
      return row?.total ?? 0
    },
    async findListed(openids, { runId, staleBefore, asksNameless, now }: FindOptions) {
      if (openids.length === 0) return []
      const latest = toServer(now) + clockTolerance
      return query<ListedFollower>(listedSql, [
        appid,
        openids,
        runId,
        toServer(staleBefore),
        latest,
        asksNameless,
      ])
    },
    async *unlisted({ id, startedAt, now }: RunStart) {
      const latest = toServer(now) + clockTolerance
      const begun = toServer(startedAt)
      // WeChat's times of follows and events are whole seconds.
      const settled = begun - (begun % second)
      for (let after = ''; ; ) {
        const [page] = await query<Page>(unlistedSql, [appid, after, id, settled, latest])
        if (!page || page.last === null) return
        yield page.unlisted
        if (page.size < pageSize) return
        after = page.last
      }
    },
  }
}

interface Page {
  /** Null when there is nobody. */
  last: string | null
  size: number
  unlisted: UnlistedFollower[]
}

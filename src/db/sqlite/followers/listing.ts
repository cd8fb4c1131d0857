import { type AnyColumn, and, count, eq, inArray, isNotNull, isNull, type SQL, sql } from 'drizzle-orm'
import { second } from '../../../base/duration.ts'
import { clockTolerance } from '../../clock.ts'
import {
  type FindOptions,
  type Followers,
  findLimit,
  type ListedFollower,
  type RunStart,
  type UnlistedFollower,
} from '../../followers.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater } from '../engine/statement.ts'
import { inIdRange, toIdRanges } from './ranges.ts'
import { followers } from './tables.ts'

/** The same for all accounts, and with its thousand places long: one for each is a sixth of what an idle account takes. */
let listedSql: string | undefined

/** Compares WeChat's list of followers with the table. */
export function createFollowerListing(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<Followers, 'findSample' | 'countNameless' | 'findListed' | 'unlisted'> {
  const { id, openid, unionid, subscribed, subscribeTime, seenRun, eventAt } = followers
  listedSql ??= toListedSql(read)
  const sqlOfListed = listedSql
  // A time ahead of our clock is a mistake of some clock, and tells nothing.
  const isBefore = (time: AnyColumn) =>
    sql`(coalesce(${time}, 0) < ${sql.placeholder('settled')} or ${time} > ${sql.placeholder('latest')})`
  const unlisted = prepareLater(
    read
      .select({ id, openid })
      .from(followers)
      .where(
        and(
          inIdRange(appid),
          eq(subscribed, true),
          sql`coalesce(${seenRun}, 0) <> ${sql.placeholder('id')}`,
          isBefore(eventAt),
          isBefore(subscribeTime),
        ),
      ),
  )

  const isOurs = and(eq(followers.appid, appid), sql`${subscribed}`)
  const sample = (isWanted: SQL) =>
    prepareLater(
      read
        .select({ openid, unionid })
        .from(followers)
        .where(and(isOurs, isWanted))
        .limit(sql.placeholder('limit')),
    )
  const named = sample(isNotNull(unionid))
  const nameless = sample(isNull(unionid))
  const firstNameless = read
    .select({ id })
    .from(followers)
    .where(and(isOurs, isNull(unionid)))
  const countNameless = prepareLater(
    read.select({ total: count() }).from(firstNameless.limit(sql.placeholder('limit')).as('nameless')),
  )

  return {
    async findSample(limit: number): Promise<{ openid: string; unionid: string | null }[]> {
      const found = named.all({ limit })
      return found.length > 0 ? found : nameless.all({ limit })
    },
    async countNameless(limit: number): Promise<number> {
      return countNameless.get({ limit })?.total ?? 0
    },
    async findListed(
      openids: readonly string[],
      { runId, staleBefore, asksNameless, now }: FindOptions,
    ): Promise<ListedFollower[]> {
      if (openids.length === 0) return []
      // Bound by hand, in the order of the text: an object with a thousand names would cost more than the lookups.
      const filled = Array.from({ length: findLimit }, (_, index) => openids[index] ?? openids.at(-1))
      const options = [runId, staleBefore, now + clockTolerance, asksNameless ? 1 : 0]
      const [result] = await write([{ sql: sqlOfListed, params: [...options, appid, ...filled] }])
      return (result?.rows ?? []).map(toListed)
    },
    async *unlisted({ id, startedAt, now }: RunStart): AsyncGenerator<UnlistedFollower[]> {
      const latest = now + clockTolerance
      // WeChat's times of follows and events are whole seconds.
      const settled = startedAt - (startedAt % second)
      for await (const range of toIdRanges(read, 5_000)) {
        yield unlisted.all({ ...range, id, settled, latest })
      }
    },
  }
}

function toListedSql(read: SqliteDatabase['read']): string {
  const { id, appid, openid, unionid, subscribed, seenRun, infoAt } = followers
  // One IN list of fixed length, prepared once, takes a third of the time of single lookups.
  const places = Array.from({ length: findLimit }, (_, index) => sql.placeholder(`openid${index}`))
  return read
    .select({
      id,
      openid,
      hasUnionid: sql`${unionid} is not null`.as('hasUnionid'),
      isFetched: sql`coalesce(${seenRun}, 0) = ${sql.placeholder('runId')}`.as('isFetched'),
      isFresh: sql`${subscribed} and coalesce(${infoAt}, 0) > ${sql.placeholder('staleBefore')}
        and ${infoAt} <= ${sql.placeholder('latest')}
        and (${unionid} is not null or not ${sql.placeholder('asksNameless')})`.as('isFresh'),
    })
    .from(followers)
    .where(and(eq(appid, sql.placeholder('appid')), inArray(openid, places)))
    .toSQL().sql
}

function toListed(row: unknown): ListedFollower {
  const { id, openid, hasUnionid, isFetched, isFresh } = Object(row)
  return {
    id: Number(id),
    openid: String(openid),
    hasUnionid: Boolean(hasUnionid),
    isFetched: Boolean(isFetched),
    isFresh: Boolean(isFresh),
  }
}

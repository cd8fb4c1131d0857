import { type AnyColumn, and, eq, inArray, sql } from 'drizzle-orm'
import { second } from '../duration.ts'
import { inIdRange, toIdRanges } from './followerRanges.ts'
import type { Database } from './open.ts'
import { followers } from './schema.ts'

export interface ListedFollower {
  id: number
  openid: string
  hasUnionid: boolean
  /** This run has fetched it before. */
  isFetched: boolean
  /** Subscribed, and what is known of it is recent enough. */
  isFresh: boolean
}

interface FindOptions {
  runId: number
  /** Epoch milliseconds; what was fetched before is too old. */
  staleBefore: number
}

interface RunStart {
  id: number
  startedAt: number
}

export type FollowerListing = ReturnType<typeof createFollowerListing>

/** Openids per `findListed`: one IN list of fixed length, prepared once, takes a third of the time of single lookups. */
export const findLimit = 1_000

/** Compares WeChat's list of followers with the table. */
export function createFollowerListing({ read, write }: Pick<Database, 'read' | 'write'>, appid: string) {
  const { id, openid, unionid, subscribed, subscribeTime, seenRun, infoAt, eventAt } = followers
  const places = Array.from({ length: findLimit }, (_, index) => sql.placeholder(`openid${index}`))
  const known = read
    .select({
      id,
      openid,
      hasUnionid: sql`${unionid} is not null`.as('hasUnionid'),
      isFetched: sql`coalesce(${seenRun}, 0) = ${sql.placeholder('runId')}`.as('isFetched'),
      isFresh: sql`${subscribed} and coalesce(${infoAt}, 0) > ${sql.placeholder('staleBefore')}`.as(
        'isFresh',
      ),
    })
    .from(followers)
    .where(and(eq(followers.appid, appid), inArray(openid, places)))
    .toSQL()
  const isBefore = (time: AnyColumn) => sql`coalesce(${time}, 0) < ${sql.placeholder('startedSecond')}`
  const unfetched = read
    .select({ id })
    .from(followers)
    .where(
      and(
        inIdRange(appid),
        eq(subscribed, true),
        sql`coalesce(${seenRun}, 0) <> ${sql.placeholder('id')}`,
        sql`coalesce(${infoAt}, 0) <= ${sql.placeholder('startedAt')}`,
        isBefore(eventAt),
        isBefore(subscribeTime),
      ),
    )
    .prepare()

  return {
    /**
     * The rows of those who have one; at most `findLimit` openids. Read by the writer's thread: here they would hold the
     * event loop, for long when the disk is busy.
     */
    async findListed(
      openids: readonly string[],
      { runId, staleBefore }: FindOptions,
    ): Promise<ListedFollower[]> {
      if (openids.length === 0) return []
      // Bound by hand, in the order of the text: an object with a thousand names would cost more than the lookups.
      const filled = places.map((_, index) => openids[index] ?? openids.at(-1))
      const [result] = await write([{ sql: known.sql, params: [runId, staleBefore, appid, ...filled] }])
      return (result?.rows ?? []).map(toListed)
    },
    /** Row numbers of the subscribed whom the run has not fetched and of whom no event told since it began. */
    async *unfetched({ id, startedAt }: RunStart): AsyncGenerator<number[]> {
      // WeChat's times of follows and events are whole seconds.
      const startedSecond = startedAt - (startedAt % second)
      for await (const range of toIdRanges(read, 5_000)) {
        const rows: unknown[][] = unfetched.values({ ...range, id, startedAt, startedSecond })
        yield rows.map(([id]) => Number(id))
      }
    },
  }
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

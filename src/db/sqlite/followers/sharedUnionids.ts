import { setImmediate as nextTurn } from 'node:timers/promises'
import { and, asc, count, eq, gt, lte, sql } from 'drizzle-orm'
import type { FollowerFacts, Followers } from '../../followers.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { compileWrite, prepareLater } from '../engine/statement.ts'
import { followers } from './tables.ts'
import { createFollowerWrites } from './writes.ts'

/** Rows per look: the event loop is free between two of them. */
const chunk = 5_000
/** How many of those who share one unionid are looked at; two are too many already. */
const mostSharing = 100

/** Followers of one account who carry the same unionid: no two can, so at most one of them is right. */
export function createSharedUnionids(
  { read, write }: Pick<SqliteDatabase, 'read' | 'write'>,
  appid: string,
): Pick<Followers, 'findSharing' | 'sharedUnionids' | 'settle'> {
  const { unionid, openid, subscribed } = followers
  const placed = sql.placeholder
  const isOurs = eq(followers.appid, appid)
  const writes = createFollowerWrites(read, appid)
  const end = prepareLater(
    read
      .select({ unionid })
      .from(followers)
      .where(and(isOurs, gt(unionid, placed('after'))))
      .orderBy(asc(unionid))
      .limit(1)
      .offset(chunk),
  )
  const selectRepeated = (until: ReturnType<typeof lte> | undefined) =>
    prepareLater(
      read
        .select({ unionid: sql<string>`${unionid}` })
        .from(followers)
        .where(and(isOurs, gt(unionid, placed('after')), until))
        .groupBy(unionid)
        .having(gt(count(), 1)),
    )
  const repeatedUntil = selectRepeated(lte(unionid, placed('until')))
  const repeatedToEnd = selectRepeated(undefined)
  const sharing = prepareLater(
    read
      .select({ openid })
      .from(followers)
      .where(and(isOurs, eq(unionid, placed('unionid')), sql`${subscribed}`))
      .limit(mostSharing),
  )
  const forgetUnionid = compileWrite<{ openid: string }>(
    read
      .update(followers)
      .set({ unionid: null })
      .where(and(isOurs, eq(openid, placed('openid')))),
  )

  /** Openids of those who follow and carry the unionid. */
  async function findSharing(unionid: string): Promise<string[]> {
    return sharing.all({ unionid }).map((row) => row.openid)
  }

  return {
    findSharing,

    /** The unionids that several who follow carry. */
    async *sharedUnionids(): AsyncGenerator<string> {
      for (let after = ''; ; ) {
        const until = end.get({ after })?.unionid
        const repeated = until ? repeatedUntil.all({ after, until }) : repeatedToEnd.all({ after })
        // Those who left keep theirs for a while.
        for (const { unionid } of repeated) if ((await findSharing(unionid)).length > 1) yield unionid
        if (!until) return
        after = until
        await nextTurn()
      }
    },

    /** Takes over what WeChat said of each alone; `nameless` lose the unionid they were thought to have. */
    async settle(
      facts: readonly FollowerFacts[],
      { at, nameless }: { at: number; nameless: readonly string[] },
    ): Promise<void> {
      await write([
        forgetUnionid.each(nameless.map((openid) => ({ openid }))),
        ...writes.toUpsert(facts, { at }),
      ])
    },
  }
}

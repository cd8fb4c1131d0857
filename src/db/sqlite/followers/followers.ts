import { and, desc, eq, isNotNull, sql } from 'drizzle-orm'
import type { Database } from '../engine/open.ts'
import { followerCounts, followers, pushes, syncRuns } from '../schema.ts'
import { createFollowerListing, type FollowerListing } from './listing.ts'
import { createSharedUnionids, type SharedUnionids } from './sharedUnionids.ts'
import { createFollowerWrites, type FollowerFacts, type FollowerWrites } from './writes.ts'

/** Times are epoch milliseconds. */
export type FollowerRow = typeof followers.$inferSelect

/** What a send has to know of a follower: read with every push, so no more than that. */
export type Recipient = Pick<FollowerRow, 'openid' | 'subscribed' | 'subscribeTime'> & {
  /** Others who follow carry the same unionid, so that nobody knows whose it is. */
  isShared?: boolean
}

export interface FollowerCounts {
  subscribed: number
  /** Of the subscribed ones: those who can be reached by unionid. */
  withUnionid: number
  unsubscribed: number
}

/** What sync and callbacks need beyond lookups is made in files of its own. */
export interface Followers extends FollowerListing, FollowerWrites, SharedUnionids {
  /** Of several rows a subscribed one, then the newest: users of an account that moved have an openid of each. */
  findByUnionid(unionid: string): Promise<FollowerRow | undefined>
  /** The same follower. */
  findRecipient(unionid: string): Promise<Recipient | undefined>
  /** A follower without unionid to whom a push by this one went before. */
  findFormer(unionid: string): Promise<Recipient | undefined>
  findByOpenid(openid: string): Promise<FollowerRow | undefined>
  /** The rows of those who have one; meant for a batch of WeChat's, at most 100. */
  findByOpenids(openids: readonly string[]): Promise<FollowerRow[]>
  /**
   * Takes over what WeChat told when asked `at` (epoch milliseconds); what it left out stays as it is known, and what was
   * learned after `at` wins. Who does not follow and was never seen gets no row.
   */
  upsert(infos: readonly FollowerFacts[], options: { at: number }): Promise<void>
  /** Returns how many of them followed until now. */
  markUnsubscribed(openids: readonly string[], at: number): Promise<number>
  /** False while followers may be missing because no sync was ever complete. */
  hasEverSynced(): Promise<boolean>
  counts(): Promise<FollowerCounts>
}

/** The followers of one service account. */
export function createFollowers({ read, write }: Pick<Database, 'read' | 'write'>, appid: string): Followers {
  const isAccount = eq(followers.appid, appid)
  const writes = createFollowerWrites(read, appid)
  const { openid, subscribed, subscribeTime } = followers
  const byUnionid = read
    .select({ openid, subscribed, subscribeTime })
    .from(followers)
    .where(and(isAccount, eq(followers.unionid, sql.placeholder('unionid'))))
  // Straight to SQLite: drizzle's way there and back takes half as long again as the lookup.
  const recipients = read.$client.prepare<string[], RecipientColumns>(byUnionid.toSQL().sql).raw()
  const byOpenid = read
    .select()
    .from(followers)
    .where(and(isAccount, eq(followers.openid, sql.placeholder('openid'))))
    .prepare()
  const lastPush = read
    .select({ openid: pushes.openid })
    .from(pushes)
    .where(
      and(
        eq(pushes.unionid, sql.placeholder('unionid')),
        sql`${pushes.appid} || '' = ${appid}`,
        isNotNull(pushes.openid),
      ),
    )
    .orderBy(desc(pushes.createdAt))
    .limit(1)
    .prepare()
  const completeRun = read
    .select({ id: syncRuns.id })
    .from(syncRuns)
    .where(and(eq(syncRuns.appid, appid), eq(syncRuns.status, 'complete')))
    .limit(1)
    .prepare()
  const { subscribed: following, withUnionid, unsubscribed } = followerCounts
  const counts = read
    .select({ subscribed: following, withUnionid, unsubscribed })
    .from(followerCounts)
    .where(eq(followerCounts.appid, appid))
    .prepare()
  return {
    ...createFollowerListing({ read, write }, appid),
    ...writes,
    ...createSharedUnionids({ read, write }, appid),
    findRecipient: async (unionid) => findRecipient(unionid),
    async findByUnionid(unionid) {
      const recipient = findRecipient(unionid)
      return recipient && byOpenid.get({ openid: recipient.openid })
    },
    async findFormer(unionid) {
      const openid = lastPush.get({ unionid })?.openid
      const row = openid ? byOpenid.get({ openid }) : undefined
      return row?.subscribed && row.unionid === null ? row : undefined
    },
    async findByOpenid(openid) {
      return byOpenid.get({ openid })
    },
    async findByOpenids(openids) {
      return openids.map((openid) => byOpenid.get({ openid })).filter((row) => row !== undefined)
    },
    async upsert(infos, { at }) {
      await write(writes.toUpsert(infos, { at }))
    },
    async markUnsubscribed(openids, at) {
      const [result] = await write([writes.toUnsubscribe(openids, at)])
      return result?.changes ?? 0
    },
    async hasEverSynced() {
      return completeRun.get() !== undefined
    },
    async counts() {
      return counts.get() ?? { subscribed: 0, withUnionid: 0, unsubscribed: 0 }
    },
  }

  function findRecipient(unionid: string): Recipient | undefined {
    const found = recipients.all(appid, unionid).map(toRecipient)
    // Sorted here: for the one row there nearly always is, sorting in SQLite costs four times the lookup.
    if (found.length < 2) return found[0]
    const [best, next] = found.sort(byUsefulness)
    return best && next?.subscribed ? { ...best, isShared: true } : best
  }
}

type RecipientColumns = [openid: string, subscribed: number, subscribeTime: number | null]

function toRecipient([openid, subscribed, subscribeTime]: RecipientColumns): Recipient {
  return { openid, subscribed: subscribed === 1, subscribeTime }
}

function byUsefulness(a: Recipient, b: Recipient): number {
  return Number(b.subscribed) - Number(a.subscribed) || (b.subscribeTime ?? 0) - (a.subscribeTime ?? 0)
}

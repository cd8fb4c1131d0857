import { and, desc, eq, isNotNull, sql } from 'drizzle-orm'
import type { Followers, Recipient } from '../../followers.ts'
import { countChanged } from '../engine/change.ts'
import type { SqliteDatabase } from '../engine/open.ts'
import { prepareLater } from '../engine/statement.ts'
import { pushes } from '../pushes/tables.ts'
import { syncRuns } from '../sync/tables.ts'
import { createFollowerListing } from './listing.ts'
import { createSharedUnionids } from './sharedUnionids.ts'
import { followerCounts, followers } from './tables.ts'
import { createFollowerWrites } from './writes.ts'

/** The followers of one service account. */
export function createFollowers(
  { read, write, prepareWarm }: Pick<SqliteDatabase, 'read' | 'write' | 'prepareWarm'>,
  appid: string,
): Followers {
  const isAccount = eq(followers.appid, appid)
  const writes = createFollowerWrites(read, appid)
  const { openid, subscribed, subscribeTime } = followers
  const byUnionid = read
    .select({ openid, subscribed, subscribeTime })
    .from(followers)
    .where(and(isAccount, eq(followers.unionid, sql.placeholder('unionid'))))
  // Straight to SQLite: drizzle's way there and back takes half as long again as the lookup.
  const findRecipients = prepareWarm<RecipientColumns>(byUnionid.toSQL().sql)
  const byOpenid = prepareLater(
    read
      .select()
      .from(followers)
      .where(and(isAccount, eq(followers.openid, sql.placeholder('openid')))),
  )
  const lastPush = prepareLater(
    read
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
      .limit(1),
  )
  const completeRun = prepareLater(
    read
      .select({ id: syncRuns.id })
      .from(syncRuns)
      .where(and(eq(syncRuns.appid, appid), eq(syncRuns.status, 'complete')))
      .limit(1),
  )
  const { subscribed: following, withUnionid, unsubscribed } = followerCounts
  const counts = prepareLater(
    read
      .select({ subscribed: following, withUnionid, unsubscribed })
      .from(followerCounts)
      .where(eq(followerCounts.appid, appid)),
  )
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
      return countChanged(write, [writes.toUnsubscribe(openids, at)])
    },
    async hasEverSynced() {
      return completeRun.get() !== undefined
    },
    async counts() {
      return counts.get() ?? { subscribed: 0, withUnionid: 0, unsubscribed: 0 }
    },
  }

  function findRecipient(unionid: string): Recipient | undefined {
    const found = findRecipients(appid, unionid).map(toRecipient)
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

import * as z from 'zod'
import { toIso } from '../base/time.ts'
import type { FollowerRow, Followers } from '../db/followers.ts'
import { isoTime, nullableText } from './values.ts'

export const followerSchema = z.strictObject({
  unionid: z.string(),
  openid: z.string(),
  account: z.string(),
  appid: z.string(),
  subscribed: z.boolean(),
  subscribeTime: isoTime.nullable(),
  unsubscribedAt: isoTime.nullable(),
  scene: nullableText,
  tagIds: z.array(z.int()).nullable(),
  remark: nullableText,
  infoAt: isoTime.nullable(),
  /** Other followers carry this unionid too: nothing is sent by it until WeChat names one. */
  isShared: z.boolean(),
})
export type Follower = z.infer<typeof followerSchema>

/** Of several accounts, those where the unionid is known. */
export const followersSchema = z.strictObject({ unionid: z.string(), accounts: z.array(followerSchema) })

interface LookupDeps {
  name: string
  followers: Pick<Followers, 'findByUnionid' | 'findSharing' | 'countNameless'>
}

/** Who may be the one that is looked for is counted no further. */
export const mostNameless = 1_000

/** The follower with a unionid; without one, how many followers there are whose unionid WeChat has not told. */
export async function lookupFollower(
  { name, followers }: LookupDeps,
  unionid: string,
): Promise<{ follower: Follower } | { follower: undefined; nameless: number }> {
  const row = await followers.findByUnionid(unionid)
  if (!row) return { follower: undefined, nameless: await followers.countNameless(mostNameless) }
  const isShared = (await followers.findSharing(unionid)).length > 1
  return { follower: toFollower(row, unionid, name, isShared) }
}

/** The same in several accounts: those where somebody carries the unionid, and without any the nameless of all. */
export async function lookupAmong(
  accounts: readonly LookupDeps[],
  unionid: string,
): Promise<{ accounts: Follower[]; nameless: number }> {
  const found = await Promise.all(accounts.map((account) => lookupFollower(account, unionid)))
  return {
    accounts: found.flatMap(({ follower }) => follower ?? []),
    nameless: found.reduce((sum, look) => sum + ('nameless' in look ? look.nameless : 0), 0),
  }
}

function toFollower(row: FollowerRow, unionid: string, account: string, isShared: boolean): Follower {
  return {
    unionid,
    openid: row.openid,
    account,
    appid: row.appid,
    subscribed: row.subscribed,
    subscribeTime: toIso(row.subscribeTime),
    unsubscribedAt: toIso(row.unsubscribedAt),
    scene: row.scene,
    tagIds: row.tagIds,
    remark: row.remark,
    infoAt: toIso(row.infoAt),
    isShared,
  }
}

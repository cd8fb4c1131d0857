import type { Followers } from '../../db/followers.ts'
import type { PushFilter } from '../../db/pushes.ts'

export interface UserDeps {
  followers: Pick<Followers, 'findByOpenid'>
}

/** A push names its user by unionid or by openid, so those to an openid are two lists, each with an index of its own. */
export async function toUserFilters<F extends PushFilter>({ followers }: UserDeps, filter: F): Promise<F[]> {
  const { openid, unionid, msgid } = filter
  if (openid === undefined || unionid !== undefined || msgid !== undefined) return [filter]
  const follower = await followers.findByOpenid(openid)
  return follower?.unionid ? [filter, { ...filter, unionid: follower.unionid }] : [filter]
}

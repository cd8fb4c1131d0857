import type { Followers } from '../db/followers.ts'
import type { FetchInfos } from './fetchInfos.ts'

export interface UnionidSample {
  /** WeChat names other unionids than it did: the account was bound to another Open Platform account. */
  haveChanged: boolean
  /** WeChat names no unionid of anybody, as it never did: the account is bound to no Open Platform account. */
  areAbsent: boolean
}

const sampleSize = 100

/** Asks about some followers, to learn about all of them from one call; nothing of it is stored. */
export async function sampleUnionids({
  followers,
  fetchInfos,
}: {
  followers: Pick<Followers, 'findSample'>
  fetchInfos: FetchInfos
}): Promise<UnionidSample> {
  const known = await followers.findSample(sampleSize)
  if (known.length === 0) return { haveChanged: false, areAbsent: false }
  const { infos } = await fetchInfos(known.map(({ openid }) => openid))
  const before = new Map(known.map(({ openid, unionid }) => [openid, unionid]))
  const named = infos.filter(({ unionid }) => unionid !== undefined)
  const others = named.filter(({ openid, unionid }) => before.get(openid) !== unionid)
  const wereNamed = known.some(({ unionid }) => unionid !== null)
  return {
    haveChanged: wereNamed && others.length > named.length / 2,
    areAbsent: !wereNamed && named.length === 0,
  }
}

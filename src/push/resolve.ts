import type { PushJob } from '../queue/job.ts'

/** What the follower table tells about a user. */
export interface KnownFollower {
  openid: string
  subscribed: boolean
}

export interface Directory {
  findByUnionid(unionid: string): Promise<KnownFollower | undefined>
  findByOpenid(openid: string): Promise<KnownFollower | undefined>
  /** The user of a living session, by the hash of its token. */
  findBySession(tokenHash: string): Promise<{ unionid: string | null } | undefined>
}

export interface Ids {
  unionid: string | null
  openid: string | null
}

export type FollowerIds = Ids & { openid: string }

export type Recipient =
  | { kind: 'follower'; ids: FollowerIds }
  /** `not_following` can be waited for. */
  | {
      kind: 'nobody'
      ids: Ids
      reason: 'not_following' | 'session_unknown' | 'unionid_unknown'
      detail: string
    }

const left = 'the user no longer follows this service account'

/** The openid to send to, found at the time of sending: users come and go while a push waits. */
export function resolveRecipient(
  { openid, unionid = '', session, hold }: Pick<PushJob, 'openid' | 'unionid' | 'session' | 'hold'>,
  directory: Directory,
): Promise<Recipient> {
  if (openid !== undefined) return resolveOpenid(openid, hold === true, directory)
  if (session !== undefined) return resolveSession(session, directory)
  return resolveUnionid(unionid, directory)
}

async function resolveUnionid(unionid: string, { findByUnionid }: Directory): Promise<Recipient> {
  const follower = await findByUnionid(unionid)
  if (follower?.subscribed) return { kind: 'follower', ids: { unionid, openid: follower.openid } }
  const detail = follower
    ? left
    : 'no follower of this service account has this unionid, as far as the last sync knows'
  const ids = { unionid, openid: follower?.openid ?? null }
  return { kind: 'nobody', ids, reason: 'not_following', detail }
}

/** WeChat knows best whether somebody follows; only a push that would rather wait goes by what we know. */
async function resolveOpenid(
  openid: string,
  mayWait: boolean,
  { findByOpenid }: Directory,
): Promise<Recipient> {
  const hasLeft = mayWait && (await findByOpenid(openid))?.subscribed === false
  const ids = { unionid: null, openid }
  return hasLeft ? { kind: 'nobody', ids, reason: 'not_following', detail: left } : { kind: 'follower', ids }
}

async function resolveSession(session: string, directory: Directory): Promise<Recipient> {
  const user = await directory.findBySession(session)
  if (user?.unionid) return resolveUnionid(user.unionid, directory)
  const nobody = { kind: 'nobody' as const, ids: { unionid: null, openid: null } }
  if (!user) {
    const detail = 'the session has ended, or it is none of this mini-program'
    return { ...nobody, reason: 'session_unknown', detail }
  }
  const detail =
    'WeChat has not told the unionid of this user: is the mini-program bound to the Open Platform?'
  return { ...nobody, reason: 'unionid_unknown', detail }
}

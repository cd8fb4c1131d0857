import { type Sentence, say } from '../../base/sentences/sentence.ts'
import type { PushJob } from '../../queue/job.ts'

/** What the follower table tells about a user. */
export interface KnownFollower {
  openid: string
  subscribed: boolean
  /** Others who follow carry the same unionid, so that nobody knows whose it is. */
  isShared?: boolean
}

export interface Directory {
  findByUnionid(unionid: string): Promise<KnownFollower | undefined>
  /** Has WeChat tell whose a unionid is that several followers carry. */
  settleUnionid(unionid: string): Promise<unknown>
  /** A follower without unionid to whom a push by this one went before. */
  findFormer(unionid: string): Promise<KnownFollower | undefined>
  /** How many followers have no unionid yet, counted up to the limit. */
  countNameless(limit: number): Promise<number>
  findByOpenid(openid: string): Promise<KnownFollower | undefined>
  /** The user of a living session, by the hash of its token. */
  findBySession(tokenHash: string): Promise<{ unionid: string | null } | undefined>
}

export interface Ids {
  unionid: string | null
  openid: string | null
}

export type FollowerIds = Ids & { openid: string }

export type ResolvedRecipient =
  | { kind: 'follower'; ids: FollowerIds }
  /** `not_following` and `unionid_pending` can be waited for. */
  | {
      kind: 'nobody'
      ids: Ids
      reason: 'not_following' | 'unionid_pending' | 'session_unknown' | 'unionid_unknown'
      detail: Sentence
    }

export const hasLeft = say('outcome.left')
const mostCounted = 1_000
const shared = {
  reason: 'unionid_pending',
  detail: say('outcome.unionid_shared'),
} as const
const pending = {
  reason: 'unionid_pending',
  detail: say('outcome.unionid_pending'),
} as const

/** The openid to send to, found at the time of sending: users come and go while a push waits. */
export function resolveRecipient(
  { openid, unionid = '', session, hold }: Pick<PushJob, 'openid' | 'unionid' | 'session' | 'hold'>,
  directory: Directory,
): Promise<ResolvedRecipient> {
  if (openid !== undefined) return resolveOpenid(openid, hold === true, directory)
  if (session !== undefined) return resolveSession(session, directory)
  return resolveUnionid(unionid, directory)
}

async function resolveUnionid(unionid: string, directory: Directory): Promise<ResolvedRecipient> {
  const follower = await findSettled(unionid, directory)
  const ids = { unionid, openid: follower?.openid ?? null }
  if (follower?.isShared) return { kind: 'nobody', ids: { ...ids, openid: null }, ...shared }
  if (follower?.subscribed) return { kind: 'follower', ids: { unionid, openid: follower.openid } }
  if (follower) return { kind: 'nobody', ids, reason: 'not_following', detail: hasLeft }
  const former = await directory.findFormer(unionid)
  if (former) return { kind: 'nobody', ids: { unionid, openid: former.openid }, ...pending }
  const detail = toUnknown(await directory.countNameless(mostCounted))
  return { kind: 'nobody', ids, reason: 'not_following', detail }
}

async function findSettled(unionid: string, directory: Directory): Promise<KnownFollower | undefined> {
  const follower = await directory.findByUnionid(unionid)
  if (!follower?.isShared) return follower
  await directory.settleUnionid(unionid)
  return directory.findByUnionid(unionid)
}

function toUnknown(nameless: number): Sentence {
  if (nameless === 0) return say('outcome.unionid_unknown')
  const count = nameless < mostCounted ? nameless : say('count.at_least', { count: mostCounted })
  return say('outcome.unionid_unknown_yet', { count })
}

/** WeChat knows best whether somebody follows; only a push that would rather wait goes by what we know. */
async function resolveOpenid(
  openid: string,
  mayWait: boolean,
  { findByOpenid }: Directory,
): Promise<ResolvedRecipient> {
  const isGone = mayWait && (await findByOpenid(openid))?.subscribed === false
  const ids = { unionid: null, openid }
  return isGone
    ? { kind: 'nobody', ids, reason: 'not_following', detail: hasLeft }
    : { kind: 'follower', ids }
}

async function resolveSession(session: string, directory: Directory): Promise<ResolvedRecipient> {
  const user = await directory.findBySession(session)
  if (user?.unionid) return resolveUnionid(user.unionid, directory)
  const nobody = { kind: 'nobody' as const, ids: { unionid: null, openid: null } }
  if (!user) {
    return { ...nobody, reason: 'session_unknown', detail: say('outcome.session_unknown') }
  }
  return { ...nobody, reason: 'unionid_unknown', detail: say('outcome.unionid_untold') }
}

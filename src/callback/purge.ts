import { day } from '../base/duration.ts'
import type { Stores } from '../db/stores.ts'
import { timestampTolerance } from './receive.ts'

/** A request signed an hour ahead can be repeated for as long, and an hour more. */
const repeatable = 2 * timestampTolerance

interface PurgeOptions {
  appid: string
  /** Days after which personal data of users who left are deleted, as the platform's rules ask. */
  unfollowedDays: number
  now?: () => number
}

/** Deletes what is not needed or not allowed to be kept any longer; returns how many events and followers. */
export function createCallbackPurge(
  db: Pick<Stores, 'callbackEvents' | 'liveFollowers'>,
  { appid, unfollowedDays, now = Date.now }: PurgeOptions,
): () => Promise<{ events: number; followers: number }> {
  const events = db.callbackEvents(appid)
  const live = db.liveFollowers(appid)
  return async () => ({
    events: await events.purge(now() - repeatable),
    followers: await live.purgeUnfollowed(now() - unfollowedDays * day),
  })
}

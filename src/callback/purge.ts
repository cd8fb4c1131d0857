import { day } from '../base/duration.ts'
import { createCallbackEvents } from '../db/sqlite/callbackEvents.ts'
import type { Database } from '../db/sqlite/engine/open.ts'
import { createLiveFollowers } from '../db/sqlite/followers/live.ts'
import { clockTolerance } from './receive.ts'

/** A request signed an hour ahead can be repeated for as long, and an hour more. */
const repeatable = 2 * clockTolerance

interface PurgeOptions {
  appid: string
  /** Days after which personal data of users who left are deleted, as the platform's rules ask. */
  unfollowedDays: number
  now?: () => number
}

/** Deletes what is not needed or not allowed to be kept any longer; returns how many events and followers. */
export function createCallbackPurge(
  db: Pick<Database, 'read' | 'write'>,
  { appid, unfollowedDays, now = Date.now }: PurgeOptions,
): () => Promise<{ events: number; followers: number }> {
  const events = createCallbackEvents(db, appid)
  const live = createLiveFollowers(db, appid)
  return async () => ({
    events: await events.purge(now() - repeatable),
    followers: await live.purgeUnfollowed(now() - unfollowedDays * day),
  })
}

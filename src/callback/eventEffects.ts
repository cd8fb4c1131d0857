import { minute, second } from '../base/duration.ts'
import type { StoredEvent } from '../db/callbackEvents.ts'
import type { Write } from '../db/database.ts'
import type { LiveFollowers } from '../db/liveFollowers.ts'

interface EventEffectsDeps {
  /** The service account. */
  appid: string
  live: LiveFollowers
  now(): number
}

/** WeChat's times are compared with each other, so that small differences between its clock and ours do not matter. */
const clockSkew = 5 * minute

/** What an event makes of followers and users; it can be written twice and in any order. */
export function createEventEffects({ appid, live, now }: EventEffectsDeps): (event: StoredEvent) => Write[] {
  return (event) => {
    const user = { openid: event.openid, app: event.app || appid }
    const change = { openid: event.openid, at: toBelievedTime(event), now: now() }
    switch (event.kind) {
      case 'subscribe':
        return live.toFollow([change])
      case 'unsubscribe':
        return [live.toUnfollow([change])]
      // Of a card, the place or the like; who follows may still be written to.
      case 'user_authorization_revoke':
        return [live.toForgetFollowers([user])]
      case 'user_authorization_cancellation':
        return user.app === appid
          ? [live.toUnfollow([change]), live.toForgetFollowers([user])]
          : [live.toForgetUsers([user])]
      case 'user_info_modified':
      case 'receipt':
        return []
      default:
        return event.kind satisfies never
    }
  }
}

/** An event that is dated ahead counts as of its arrival: nothing that comes later must look older. */
function toBelievedTime({ at, receivedAt }: StoredEvent): number {
  return at - receivedAt > clockSkew ? receivedAt - (receivedAt % second) : at
}

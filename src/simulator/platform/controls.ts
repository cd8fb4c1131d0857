import type { createCallbacks } from '../callbacks/callbacks.ts'
import type { createFaults } from '../control/faults.ts'
import type { createStats } from '../control/stats.ts'
import type { SimulatorControls } from '../controls.ts'
import type { SimulatedApp } from '../options.ts'
import type { FollowerList } from './followers/followerList.ts'
import type { RateLimit } from './limits.ts'
import type { AcceptedMessages } from './messages/acceptedMessages.ts'
import type { Interceptions } from './messages/interceptions.ts'
import type { TemplateLibrary } from './messages/templateLibrary.ts'
import type { createMiniprogram } from './miniprogram/miniprogram.ts'
import type { createTokens } from './tokens.ts'

interface Parts {
  account: SimulatedApp
  miniprogramApp: SimulatedApp
  callbacks: ReturnType<typeof createCallbacks>
  templates: TemplateLibrary
  interceptions: Interceptions
  followers: FollowerList
  tokens: ReturnType<typeof createTokens>
  rate: RateLimit
  miniprogram: ReturnType<typeof createMiniprogram>
  faults: ReturnType<typeof createFaults>
  stats: ReturnType<typeof createStats>
  accepted: AcceptedMessages
}

/** What a script can see and do, carried out on the parts of the platform. */
export function createControls(
  { callbacks, templates, interceptions, followers, tokens, rate, miniprogram, faults, ...parts }: Parts,
  clock: () => number,
  advance: (ms: number) => void,
): SimulatorControls {
  function isFollowing(openid: string): boolean {
    const standing = followers.standingOf(openid)
    return standing === 'following' || standing === 'blacklisted'
  }

  return {
    ...parts.account,
    ...callbacks.controls,
    miniprogram: parts.miniprogramApp,
    get templates() {
      return templates.list()
    },
    userAt: followers.userAt,
    follow(known, { unionid, eventKey } = {}) {
      const isNew = known === undefined || !isFollowing(known)
      const user = followers.follow(known, unionid)
      if (isNew) callbacks.raise({ event: 'subscribe', openid: user.openid, eventKey })
      return user
    },
    unfollow(openid) {
      if (!isFollowing(openid)) return
      followers.unfollow(openid)
      callbacks.raise({ event: 'unsubscribe', openid })
    },
    setUnionid: followers.setUnionid,
    setBlacklisted: followers.setBlacklisted,
    intercept: interceptions.add,
    killToken: (appid = parts.account.appid) => tokens.killAll(appid, clock()),
    setRate: rate.set,
    advance,
    mintCode: (user, options = {}) => miniprogram.mintCode(user, options, clock()),
    sessionKeyOf: (user) => miniprogram.sessionKeyOf(user, clock()),
    mintPayment: (user) => miniprogram.mintPayment(user, clock()),
    addFault: faults.add,
    faults: faults.list,
    clearFaults: faults.clear,
    stats: parts.stats.read,
    accepted: parts.accepted.accepted,
  }
}

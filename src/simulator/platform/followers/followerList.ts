import type { SimulatedUser } from '../people.ts'
import { createPopulation } from './population.ts'
import { createPositions } from './positions.ts'
import { toFollowerInfo, toStrangerInfo } from './userInfo.ts'

interface FollowerListOptions {
  seed: number
  /** Accounts with the same people know them by the same unionids. */
  people: number
  followers: number
  withoutUnionid: number
  unionidDelayMs: number
  unionidAfterLeaving: boolean
  /** Epoch milliseconds. */
  clock: () => number
}

/** How somebody stands to the account; `unknown` is an openid the account has never had. */
export type Standing = 'following' | 'blacklisted' | 'stranger' | 'unknown'

export type FollowerList = ReturnType<typeof createFollowerList>

interface Change {
  unionid?: { shown: string | undefined }
  /** Of the latest follow, epoch milliseconds. */
  followedAt?: number
}

/** Who follows the account, in the order of following. Only changes are kept: a million people of the start cost no memory. */
export function createFollowerList(options: FollowerListOptions) {
  const { seed, followers, unionidDelayMs, clock } = options
  const population = createPopulation(seed, options.withoutUnionid, options.people)
  const positions = createPositions(population, followers)
  const blacklist = new Set<string>()
  const changes = new Map<string, Change>()

  function unionidOf(openid: string): string | undefined {
    const change = changes.size > 0 ? changes.get(openid) : undefined
    if (change?.followedAt !== undefined && clock() < change.followedAt + unionidDelayMs) return undefined
    return change?.unionid ? change.unionid.shown : population.shownUnionid(openid)
  }

  function change(openid: string, patch: Change): void {
    changes.set(openid, { ...changes.get(openid), ...patch })
  }

  const toUser = (openid: string) => population.toUser(openid, unionidOf(openid))

  return {
    total: positions.total,
    readPage: positions.readPage,
    userAt: (number: number): SimulatedUser => toUser(population.openidOf(number)),
    trueUnionid: population.trueUnionid,
    findMiniprogramUser: population.findMiniprogramUser,

    standingOf(openid: string): Standing {
      const position = positions.find(openid)
      if (!positions.isKnown(position)) return 'unknown'
      if (!positions.follows(position)) return 'stranger'
      return blacklist.size > 0 && blacklist.has(openid) ? 'blacklisted' : 'following'
    },

    /** A user object as JSON, or undefined for an unknown openid. */
    readInfo(openid: string): string | undefined {
      const position = positions.find(openid)
      if (!positions.isKnown(position)) return undefined
      if (!positions.follows(position)) {
        return toStrangerInfo(openid, options.unionidAfterLeaving ? unionidOf(openid) : undefined)
      }
      const followedAt = changes.size > 0 ? changes.get(openid)?.followedAt : undefined
      const since = followedAt && Math.floor(followedAt / 1000)
      return toFollowerInfo(openid, unionidOf(openid), since, position + seed)
    },

    /** Without an openid the next person who never followed. */
    follow(openid = positions.nextStranger(), unionid?: string): SimulatedUser {
      if (!positions.follows(positions.find(openid))) {
        positions.join(openid)
        change(openid, { followedAt: clock() })
      }
      if (unionid !== undefined) change(openid, { unionid: { shown: unionid } })
      return toUser(openid)
    },

    unfollow: positions.leave,

    setUnionid(openid: string, unionid: string | undefined): void {
      change(openid, { unionid: { shown: unionid } })
    },

    setBlacklisted(openid: string, blacklisted: boolean): void {
      if (blacklisted) blacklist.add(openid)
      else blacklist.delete(openid)
    },

    blacklisted: (): string[] => [...blacklist],
  }
}

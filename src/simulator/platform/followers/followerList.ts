import { createIdCodec, idLength, mix } from '../ids.ts'
import type { SimulatedUser } from '../people.ts'

interface FollowerListOptions {
  seed: number
  followers: number
  withoutUnionid: number
  unionidAfterLeaving: boolean
  /** Epoch milliseconds. */
  clock: () => number
}

/** How somebody stands to the account; `unknown` is an openid the account has never had. */
export type Standing = 'following' | 'blacklisted' | 'stranger' | 'unknown'

export interface FollowerListPage {
  count: number
  /** The openids as JSON, without the brackets. */
  list: Buffer
  /** Empty when the page is. */
  lastOpenid: string
  /** Nobody follows after this page. */
  isLast: boolean
}

export type FollowerList = ReturnType<typeof createFollowerList>

interface Change {
  unionid?: { shown: string | undefined }
  /** Seconds. */
  since?: number
}

const notListed = -1
const unknownOpenid = -2

/** Seconds. Fixed, so that the same seed shows the same people in every run. */
const newestFollow = 1_760_000_000
const oldestFollowAge = 3 * 365 * 86_400

const scenes = [
  'ADD_SCENE_SEARCH',
  'ADD_SCENE_QR_CODE',
  'ADD_SCENE_PROFILE_CARD',
  'ADD_SCENE_PROFILE_LINK',
  'ADD_SCENE_PROFILE_ITEM',
  'ADD_SCENE_PAID',
  'ADD_SCENE_WXA',
  'ADD_SCENE_CHANNELS',
  'ADD_SCENE_OTHERS',
] as const
const tagLists = ['[]', '[]', '[]', '[2]', '[128,2]'] as const

/**
 * Who follows the account, in the order of following. The people of the start are arithmetic: person n stands at position n
 * and costs no memory; only changes are kept.
 */
export function createFollowerList(options: FollowerListOptions) {
  const { seed, followers, clock } = options
  const openids = createIdCodec('o', seed * 3)
  const unionids = createIdCodec('o6_', seed * 3 + 1)
  const miniprogramOpenids = createIdCodec('o', seed * 3 + 2)
  const withoutUnionidBelow = options.withoutUnionid * 2 ** 32
  /** Those who were not there at the start. */
  const joined: string[] = []
  const joinedPositions = new Map<string, number>()
  const left = new Set<number>()
  const blacklist = new Set<string>()
  const changes = new Map<string, Change>()
  let nextStranger = followers

  function positionOf(openid: string): number {
    const position = joinedPositions.size > 0 ? joinedPositions.get(openid) : undefined
    if (position !== undefined) return position
    const number = openids.decode(openid)
    if (number < 0) return unknownOpenid
    return number < followers ? number : notListed
  }

  function openidAt(position: number): string {
    return position < followers ? openids.encode(position) : (joined[position - followers] ?? '')
  }

  function follows(position: number): boolean {
    return position >= 0 && !(left.size > 0 && left.has(position))
  }

  function unionidOf(openid: string): string | undefined {
    const change = changes.size > 0 ? changes.get(openid)?.unionid : undefined
    if (change) return change.shown
    const number = openids.decode(openid)
    if (number < 0 || mix(number ^ seed) < withoutUnionidBelow) return undefined
    return unionids.encode(number)
  }

  function change(openid: string, patch: Change): void {
    changes.set(openid, { ...changes.get(openid), ...patch })
  }

  function toUser(openid: string): SimulatedUser {
    const number = openids.decode(openid)
    const miniprogramOpenid = number < 0 ? undefined : miniprogramOpenids.encode(number)
    return { openid, unionid: unionidOf(openid), miniprogramOpenid }
  }

  /** Bytes, not strings: a page of 10,000 takes well under a millisecond. */
  function writeGenerated(from: number, size: number) {
    const list = Buffer.allocUnsafe(Math.max(0, Math.min(size, followers - from)) * (idLength + 3))
    let end = 0
    let count = 0
    let position = from
    let last = notListed
    for (; position < followers && count < size; position++) {
      if (!follows(position)) continue
      list[end] = 0x22
      openids.write(position, list, end + 1)
      list[end + idLength + 1] = 0x22
      list[end + idLength + 2] = 0x2c
      end += idLength + 3
      last = position
      count++
    }
    return { list: list.subarray(0, end), count, position, last }
  }

  function nextUnseen(): string {
    while (joinedPositions.has(openids.encode(nextStranger))) nextStranger++
    return openids.encode(nextStranger)
  }

  return {
    total: (): number => followers + joined.length - left.size,
    userAt: (number: number): SimulatedUser => toUser(openids.encode(number)),
    /** The unionid a person has, whatever user/info shows of it. */
    trueUnionid: (number: number): string => unionids.encode(number),
    /** The person behind a mini-program openid, or -1. */
    findMiniprogramUser: (openid: string): number => miniprogramOpenids.decode(openid),

    standingOf(openid: string): Standing {
      const position = positionOf(openid)
      if (position === unknownOpenid) return 'unknown'
      if (!follows(position)) return 'stranger'
      return blacklist.size > 0 && blacklist.has(openid) ? 'blacklisted' : 'following'
    },

    /** The page after `cursor` ('' = the first); undefined for an openid that never stood in the list. */
    readPage(cursor: string, size: number): FollowerListPage | undefined {
      const from = cursor === '' ? 0 : positionOf(cursor) + 1
      if (from < 1 && cursor !== '') return undefined
      const end = followers + joined.length
      let { list, count, position, last } = writeGenerated(from, size)
      const more: string[] = []
      for (; position < end && count < size; position++) {
        if (!follows(position)) continue
        more.push(`${JSON.stringify(openidAt(position))},`)
        last = position
        count++
      }
      while (position < end && !follows(position)) position++
      if (more.length > 0) list = Buffer.concat([list, Buffer.from(more.join(''))])
      return {
        count,
        list: list.subarray(0, -1),
        lastOpenid: last === notListed ? '' : openidAt(last),
        isLast: position >= end,
      }
    },

    /** A user object as JSON, or undefined for an unknown openid. */
    readInfo(openid: string): string | undefined {
      const position = positionOf(openid)
      if (position === unknownOpenid) return undefined
      const following = follows(position)
      const unionid = following || options.unionidAfterLeaving ? unionidOf(openid) : undefined
      const unionidField = unionid === undefined ? '' : `"unionid":${JSON.stringify(unionid)},`
      if (!following) return `{"subscribe":0,${unionidField}"openid":${JSON.stringify(openid)}}`
      const chance = mix(position + seed)
      const since = changes.get(openid)?.since ?? newestFollow - (chance % oldestFollowAge)
      return (
        `{"subscribe":1,"openid":${JSON.stringify(openid)},"language":"zh_CN","subscribe_time":${since},` +
        `${unionidField}"remark":"","groupid":0,"tagid_list":${tagLists[chance % tagLists.length]},` +
        `"subscribe_scene":"${scenes[chance % scenes.length]}","qr_scene":0,"qr_scene_str":""}`
      )
    },

    /** Without an openid the next person who never followed. */
    follow(openid = nextUnseen(), unionid?: string): SimulatedUser {
      const position = positionOf(openid)
      if (!follows(position)) {
        if (position >= 0) left.delete(position)
        else {
          joinedPositions.set(openid, followers + joined.length)
          joined.push(openid)
        }
        change(openid, { since: Math.floor(clock() / 1000) })
      }
      if (unionid !== undefined) change(openid, { unionid: { shown: unionid } })
      return toUser(openid)
    },

    unfollow(openid: string): void {
      const position = positionOf(openid)
      if (position >= 0) left.add(position)
    },

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

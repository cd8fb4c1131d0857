import { idLength } from '../ids.ts'
import type { Population } from './population.ts'

export interface FollowerListPage {
  count: number
  /** The openids as JSON, without the brackets. */
  list: Buffer
  /** Empty when the page is. */
  lastOpenid: string
  /** Nobody follows after this page. */
  isLast: boolean
}

const notListed = -1
const unknownOpenid = -2

/** The order of following: person n of the start stands at position n, whoever joins comes behind. */
export function createPositions(population: Population, followers: number) {
  /** Those who were not there at the start. */
  const joined: string[] = []
  const joinedPositions = new Map<string, number>()
  const left = new Set<number>()
  let nextStranger = followers

  function find(openid: string): number {
    const position = joinedPositions.size > 0 ? joinedPositions.get(openid) : undefined
    if (position !== undefined) return position
    const number = population.numberOf(openid)
    if (number < 0) return unknownOpenid
    return number < followers ? number : notListed
  }

  function openidAt(position: number): string {
    return position < followers ? population.openidOf(position) : (joined[position - followers] ?? '')
  }

  function follows(position: number): boolean {
    return position >= 0 && !(left.size > 0 && left.has(position))
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
      population.writeOpenid(position, list, end + 1)
      list[end + idLength + 1] = 0x22
      list[end + idLength + 2] = 0x2c
      end += idLength + 3
      last = position
      count++
    }
    return { list: list.subarray(0, end), count, position, last }
  }

  return {
    find,
    follows,
    isKnown: (position: number): boolean => position !== unknownOpenid,
    total: (): number => followers + joined.length - left.size,

    /** The page after `cursor` ('' = the first); undefined for an openid that never stood in the list. */
    readPage(cursor: string, size: number): FollowerListPage | undefined {
      const from = cursor === '' ? 0 : find(cursor) + 1
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
      const lastOpenid = last === notListed ? '' : openidAt(last)
      return { count, list: list.subarray(0, -1), lastOpenid, isLast: position >= end }
    },

    /** The next person who never followed. */
    nextStranger(): string {
      while (joinedPositions.has(population.openidOf(nextStranger))) nextStranger++
      return population.openidOf(nextStranger)
    },

    join(openid: string): void {
      const position = find(openid)
      if (position >= 0) left.delete(position)
      else {
        joinedPositions.set(openid, followers + joined.length)
        joined.push(openid)
      }
    },

    leave(openid: string): void {
      const position = find(openid)
      if (position >= 0) left.add(position)
    },
  }
}

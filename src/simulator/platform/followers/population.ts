import { createIdCodec, mix } from '../ids.ts'
import type { SimulatedUser } from '../people.ts'

export type Population = ReturnType<typeof createPopulation>

/**
 * Everybody there can be: person n is arithmetic and costs no memory. `people` makes the unionids, which accounts of one
 * Open Platform account share; the openids are those of one account.
 */
export function createPopulation(seed: number, withoutUnionid: number, people = seed) {
  const openids = createIdCodec('o', seed * 3)
  const unionids = createIdCodec('o6_', people * 3 + 1)
  const miniprogramOpenids = createIdCodec('o', seed * 3 + 2)
  const withoutUnionidBelow = withoutUnionid * 2 ** 32

  return {
    openidOf: openids.encode,
    writeOpenid: openids.write,
    /** The number of a person, or -1. */
    numberOf: openids.decode,
    /** The unionid a person has, whatever user/info shows of it. */
    trueUnionid: unionids.encode,
    /** The person behind a mini-program openid, or -1. */
    findMiniprogramUser: miniprogramOpenids.decode,

    /** What user/info shows as long as nobody says otherwise. */
    shownUnionid(openid: string): string | undefined {
      const number = openids.decode(openid)
      if (number < 0 || mix(number ^ seed) < withoutUnionidBelow) return undefined
      return unionids.encode(number)
    },

    toUser(openid: string, unionid: string | undefined): SimulatedUser {
      const number = openids.decode(openid)
      return {
        openid,
        unionid,
        miniprogramOpenid: number < 0 ? undefined : miniprogramOpenids.encode(number),
      }
    },
  }
}

import { createRandom } from '../../src/simulator/platform/ids.ts'

/** Decisions drawn from one seed: the same seed makes the same decisions in the same order. */
export interface Chance {
  /** A number from `low` to below `high`. */
  between(low: number, high: number): number
  /** A whole number from `low` to `high`. */
  count(low: number, high: number): number
  happens(probability: number): boolean
  pick<T>(list: readonly T[]): T
  /** A source of its own, so that what one user of chance draws does not change what the others get. */
  fork(): Chance
}

export function createChance(seed: number): Chance {
  const random = createRandom(seed)
  const between = (low: number, high: number) => low + random() * (high - low)
  const count = (low: number, high: number) => Math.floor(between(low, high + 1))
  return {
    between,
    count,
    happens: (probability) => random() < probability,
    pick(list) {
      const picked = list[count(0, list.length - 1)]
      if (picked === undefined) throw new Error('expected a list that is not empty')
      return picked
    },
    fork: () => createChance(Math.floor(random() * 2 ** 31)),
  }
}

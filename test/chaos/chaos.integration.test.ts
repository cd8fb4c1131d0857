import { afterAll, beforeAll, expect, test } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { needRedisServer } from '../helpers/redisNeeded.ts'
import { usualEngines } from './engines.ts'
import { listFaults } from './faults.ts'
import { buildProgram, type Program, shorterTimes } from './program.ts'
import { prepare, run } from './run.ts'

/** Two at the same time. Between them they meet every kind of fault; many more: `npm run test:chaos -- --runs 100`. */
const seeds = [
  [4_776, 20_206],
  [30_721, 22_634],
] as const
let program: Program | undefined

beforeAll(async () => {
  program = await buildProgram(shorterTimes)
}, minute)
afterAll(() => program?.remove())

test('the seeds meet faults of all that faults are about', () => {
  const faults = listFaults(usualEngines)
  const toKinds = ({ on, conditions = {} }: (typeof faults)[number]) => [...on, ...Object.keys(conditions)]
  const met = new Set(seeds.flat().flatMap((seed) => prepare({ seed }).plan.flatMap(toKinds)))
  expect([...met].sort()).toEqual([...new Set(faults.flatMap(toKinds))].sort())
})

test.each(seeds)(
  'nothing is lost, doubled, leaked or left behind by the faults of the seeds %i and %i',
  async (...pair) => {
    needRedisServer()
    await Promise.all(
      pair.map(async (seed) => {
        if (!program) throw new Error('the program is not built')
        const result = await run(program, { seed, log: () => {} })
        for (const reason of result.skipped) process.stderr.write(`SKIPPED ${reason}\n`)
        // Told at once: a second try that goes well would hide it.
        for (const violation of result.violations) process.stderr.write(`seed ${seed}: ${violation}\n`)
        expect(result.violations, `seed ${seed}:\n${result.faults.join('\n')}`).toEqual([])
      }),
    )
  },
  2 * minute,
)

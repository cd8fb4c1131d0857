import { afterAll, beforeAll, expect, TestRunner, test } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { needRedisServer } from '../helpers/redisNeeded.ts'
import { usualEngines } from './engines.ts'
import { listFaults } from './faults.ts'
import { findPostgresPrograms } from './postgresServer.ts'
import { buildProgram, type Program, shorterTimes } from './program.ts'
import { prepare, type RunChoice, run } from './run.ts'

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
    await Promise.all(pair.map((seed) => expectSound({ seed })))
  },
  2 * minute,
)

/** Kept few: each has a PostgreSQL of its own. */
test.each([
  { seed: 50_001, queue: 'redis' },
  { seed: 50_002, queue: 'postgres' },
] as const)(
  'nor on PostgreSQL with the queue in $queue by those of the seed $seed',
  async ({ seed, queue }) => {
    needPostgresPrograms()
    if (queue === 'redis') needRedisServer()
    await expectSound({ seed, engines: { database: 'postgres', queue } })
  },
  2 * minute,
)

async function expectSound(choice: RunChoice): Promise<void> {
  if (!program) throw new Error('the program is not built')
  const { seed } = choice
  const result = await run(program, { ...choice, log: () => {} })
  for (const reason of result.skipped) process.stderr.write(`SKIPPED ${reason}\n`)
  // Told at once: a second try that goes well would hide it.
  for (const violation of result.violations) process.stderr.write(`seed ${seed}: ${violation}\n`)
  expect(result.violations, `seed ${seed}:\n${result.faults.join('\n')}`).toEqual([])
}

/** Skips the current test where there are none, but never in CI. */
function needPostgresPrograms(): void {
  if (findPostgresPrograms() !== undefined || process.env.CI) return
  TestRunner.getCurrentTest()?.context.skip('there are no PostgreSQL programs in /usr/lib/postgresql')
}

import { validate } from 'node-cron'
import { type Config, type Environment, parse, readEnvironment, toConfig } from './config.ts'
import { completeSchema, evenWithOtherProblems } from './environment.ts'

/** Here and not with the variable: node-cron cannot be bundled, and applications that bundle the library need none. */
const programSchema = completeSchema.refine((v) => isCron(v.SYNC_CRON), {
  path: ['SYNC_CRON'],
  ...evenWithOtherProblems,
})

/**
 * Reads the whole configuration from the environment and a `.env` file in the working directory.
 * Variables of the environment win over the file; an empty variable counts as unset.
 * @throws ConfigError naming every problem at once
 */
export function loadConfig(env: Environment = readEnvironment()): Config {
  return toConfig(parse(programSchema, env))
}

/** node-cron writes ranges out before it judges them, so 0-99999999 would take its time; no field goes beyond 59. */
function isCron(expression: string): boolean {
  return !/\d{3}/.test(expression) && validate(expression)
}

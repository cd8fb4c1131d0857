import { validate } from 'node-cron'
import { loadWholeConfig } from './accounts/wholeConfig.ts'
import type { Config } from './config.ts'
import type { Environment } from './environment/checkEnvironment.ts'
import { readEnvironment } from './environment/readEnvironment.ts'

/**
 * Reads the whole configuration from the environment, a `.env` file in the working directory, and ACCOUNTS_FILE if that is
 * set. Variables of the environment win over the `.env` file; an empty variable counts as unset.
 * @throws ConfigError naming every problem at once
 */
export function loadConfig(env: Environment = readEnvironment()): Config {
  return loadWholeConfig(env, isCron)
}

/** node-cron writes ranges out before it judges them, so 0-99999999 would take its time; no field goes beyond 59. */
function isCron(expression: string): boolean {
  return !/\d{3}/.test(expression) && validate(expression)
}

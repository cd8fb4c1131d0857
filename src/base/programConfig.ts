import { resolve } from 'node:path'
import { validate } from 'node-cron'
import { readAccountsFile } from './accounts/accountsFile.ts'
import { checkShared } from './accounts/checkShared.ts'
import { bothOrThrow, type Environment, parse } from './checkEnvironment.ts'
import { type Config, readEnvironment, toConfig, toConfigOfFile } from './config.ts'
import { completeSchema, evenWithOtherProblems } from './environment.ts'

/** Here and not with the variable: node-cron cannot be bundled, and applications that bundle the library need none. */
const programSchema = completeSchema.refine((v) => isCron(v.SYNC_CRON), {
  path: ['SYNC_CRON'],
  ...evenWithOtherProblems,
})

/**
 * Reads the whole configuration from the environment, a `.env` file in the working directory, and ACCOUNTS_FILE if that is
 * set. Variables of the environment win over the `.env` file; an empty variable counts as unset.
 * @throws ConfigError naming every problem at once
 */
export function loadConfig(env: Environment = readEnvironment()): Config {
  if (!env.ACCOUNTS_FILE) return toConfig(parse(programSchema, env))
  const path = resolve(env.ACCOUNTS_FILE)
  const [values, accounts] = bothOrThrow(checkShared(env), readAccountsFile(path, env, isCron))
  return toConfigOfFile(values, path, accounts)
}

/** node-cron writes ranges out before it judges them, so 0-99999999 would take its time; no field goes beyond 59. */
function isCron(expression: string): boolean {
  return !/\d{3}/.test(expression) && validate(expression)
}

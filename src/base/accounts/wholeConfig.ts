import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import { bothOrThrow, type Environment, parse } from '../environment/checkEnvironment.ts'
import { completeSchema, evenWithOtherProblems } from '../environment/requirements.ts'
import { toConfig, toConfigOfFile } from '../toConfig.ts'
import { readAccountsFile } from './accountsFile.ts'
import { checkShared } from './checkShared.ts'

/**
 * Reads the whole configuration; `isCron` judges the times of syncs. What judges them cannot be bundled, so applications
 * that bundle the library and sync nothing come without it.
 * @throws ConfigError naming every problem at once
 */
export function loadWholeConfig(env: Environment, isCron: (expression: string) => boolean): Config {
  if (!env.ACCOUNTS_FILE) {
    const schema = completeSchema.refine((v) => isCron(v.SYNC_CRON), {
      path: ['SYNC_CRON'],
      ...evenWithOtherProblems,
    })
    return toConfig(parse(schema, env))
  }
  const path = resolve(env.ACCOUNTS_FILE)
  const [values, accounts] = bothOrThrow(checkShared(env), readAccountsFile(path, env, isCron))
  return toConfigOfFile(values, path, accounts)
}

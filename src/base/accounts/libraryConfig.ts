import { resolve } from 'node:path'
import type { AccountSettings, AppCredentials, CallbackConfig, Config } from '../config.ts'
import { ConfigError } from '../configError.ts'
import { bothOrThrow, type Environment, parse, toProblem } from '../environment/checkEnvironment.ts'
import { readEnvironment } from '../environment/readEnvironment.ts'
import { callbackSchema, miniProgramSchema } from '../environment/requirements.ts'
import { say } from '../sentences/sentence.ts'
import { toCommonConfig, toConfig, toConfigOfFile } from '../toConfig.ts'
import { findAccount, toOneOf } from './accountName.ts'
import { readAccountsFile } from './accountsFile.ts'
import { checkShared } from './checkShared.ts'

/** What the login of the mini-program needs outside the program: it sees no secret of the service account. */
export interface MiniProgramConfig
  extends Pick<Config, 'apiBases' | 'proxy' | 'database' | 'sessionDays' | 'exposeIds' | 'logLevel'> {
  /** The service account. */
  appid: string
  miniProgram: AppCredentials
}

/**
 * The whole configuration of a process that takes WeChat's message push for one account: of `ACCOUNTS_FILE` the one that
 * is called `account`, which may be left out where it is the only one.
 * @throws ConfigError naming every problem at once
 */
export function loadCallbackConfig(
  env: Environment = readEnvironment(),
  account?: string,
): AccountSettings & { callback: CallbackConfig } {
  const { callback, ...settings } = env.ACCOUNTS_FILE
    ? chooseOfFile(env, env.ACCOUNTS_FILE, account)
    : toOnly(toConfig(parse(callbackSchema, env)))
  if (callback) return { ...settings, callback }
  throw new ConfigError([
    env.ACCOUNTS_FILE
      ? toMissing(settings.name, 'callback', '{token, encodingAesKey}')
      : toProblem('WECHAT_CALLBACK_TOKEN', undefined),
  ])
}

/**
 * The part the login of the mini-program needs; `WECHAT_APPID` tells whose followers to look among, or `account` which one
 * of `ACCOUNTS_FILE`.
 * @throws ConfigError naming every problem at once
 */
export function loadMiniProgramConfig(
  env: Environment = readEnvironment(),
  account?: string,
): MiniProgramConfig {
  if (env.ACCOUNTS_FILE) {
    const { miniProgram, ...settings } = chooseOfFile(env, env.ACCOUNTS_FILE, account)
    if (miniProgram) return { ...settings, miniProgram }
    throw new ConfigError([toMissing(settings.name, 'miniprogram', '{appid, secret}')])
  }
  const values = parse(miniProgramSchema, env)
  return {
    appid: values.WECHAT_APPID,
    miniProgram: { appid: values.WECHAT_MINIPROGRAM_APPID, secret: values.WECHAT_MINIPROGRAM_SECRET },
    ...toCommonConfig(values),
  }
}

/** When its sync runs is judged by who syncs: node-cron is not loaded for that. */
function chooseOfFile(env: Environment, file: string, word: string | undefined): AccountSettings {
  const path = resolve(file)
  const checked = readAccountsFile(path, env, () => true)
  const [values, entries] = bothOrThrow(checkShared(env), checked)
  const { accounts, ...shared } = toConfigOfFile(values, path, entries)
  const [first, ...others] = accounts
  const account = word === undefined && others.length === 0 ? first : findAccount(accounts, word ?? '')
  if (account) return { ...shared, ...account }
  const found = word === undefined ? say('found.nothing') : JSON.stringify(word)
  throw new ConfigError([{ variable: 'account', expected: toOneOf(accounts), found }])
}

function toOnly({ accounts: [account], ...shared }: Config): AccountSettings {
  return { ...shared, ...account }
}

function toMissing(account: string, field: string, expected: string) {
  const variable = say('found.accountPart', { field, account })
  return { variable, expected, found: say('found.nothing') }
}

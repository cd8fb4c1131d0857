import { hash } from 'node:crypto'
import { resolve } from 'node:path'
import type { z } from 'zod'
import type { AccountName } from './accounts/accountName.ts'
import { readAccountNames } from './accounts/accountsFile.ts'
import type { AccountEntry, AtLeastOne } from './accounts/accountsSchema.ts'
import type { ApiKey } from './api/apiKeys.ts'
import { bothOrThrow, check, type Environment, parse, withoutEmpty } from './checkEnvironment.ts'
import { ConfigError } from './configError.ts'
import type { DayWindow } from './dayWindow.ts'
import { hour } from './duration.ts'
import { readEnvFile } from './envFile.ts'
import {
  type CommonValues,
  type completeSchema,
  type DatabaseConfig,
  environmentSchema,
  type LogLevel,
  logLevels,
  type PushCap,
  producerSchema,
  type SharedValues,
  sharedProducerSchema,
} from './environment.ts'
import { type Language, toLanguage } from './sentences/language.ts'
import type { PostgresAddress } from './urls/postgresUrl.ts'

type QueueValues = Pick<
  z.infer<typeof environmentSchema>,
  'DATABASE_URL' | 'REDIS_URL' | 'REDIS_CA_FILE' | 'DATA_DIR'
>

export type { DatabaseConfig }

export interface AppCredentials {
  appid: string
  secret: string
}

export type QueueConfig =
  /** One URL, or several hosts of one cluster; `ca` = certificates to trust with TLS, as PEM. */
  | { kind: 'redis'; urls: string[]; ca?: string }
  /** BullMQ on the database of the tables, in a schema beside them. */
  | ({ kind: 'postgres' } & PostgresAddress)
  /** BullMQ on an in-process PostgreSQL whose data live under `dir`. */
  | { kind: 'embedded'; dir: string }

export interface ProxyConfig {
  /** `http://` or `https://`, host and port, perhaps with user and password. */
  http: string | undefined
  https: string | undefined
  /** Comma-separated hosts and address ranges that are reached directly. */
  none: string | undefined
}

export interface WebhookConfig {
  url: string
  /** Each signs: the current one, and another while it is being changed. */
  keys: readonly Uint8Array[]
}

export interface CallbackConfig {
  token: string
  /** Current, then previous; none = messages come unencrypted. */
  encodingAesKeys: string[]
}

/** What a producer needs: it sees neither the secrets nor the database. */
export interface ProducerConfig {
  accounts: AtLeastOne<AccountName>
  queue: QueueConfig
}

/** What is one service account's. */
export interface AccountConfig extends AccountName, AppCredentials {
  miniProgram: AppCredentials | undefined
  /** WeChat's message push; undefined = it is not set up. */
  callback: CallbackConfig | undefined
  /** Of the mini-program's own message push. */
  miniProgramCallback: (CallbackConfig & { appid: string }) | undefined
  syncCron: string
  /** Milliseconds after that time, so that many accounts do not all sync at once. */
  syncDelay: number
  /** Sends in flight per worker process. */
  pushConcurrency: number
  /** Sends per second over all workers; 0 = only the adaptive limit. */
  pushRate: number
}

/** What all accounts share. */
export interface SharedConfig {
  /** The file with the accounts; undefined = there is one, whose settings stand in the environment. */
  accountsFile: string | undefined
  apiBases: string[]
  proxy: ProxyConfig
  database: DatabaseConfig
  queue: QueueConfig
  dataDir: string
  timezone: string
  syncConcurrency: number
  syncRefreshDays: number
  pushAttempts: number
  /** None = users get whatever is pushed. */
  pushCaps: PushCap[]
  /** When users are not disturbed, in `timezone`, and what becomes of a push then; undefined = never. */
  quiet: { window: DayWindow; action: 'wait' | 'skip' } | undefined
  /** Whether a push that WeChat accepted and failed to deliver is sent once more. */
  retrySystemFailed: boolean
  /** Who is told when the account is paused or resumed. */
  alertWebhookUrl: string | undefined
  /** Chinese unless `UNIONPUSH_LANG` says otherwise: the group is where the service account is run. */
  alertLanguage: Language
  /** Where outcomes are posted; undefined = nowhere. */
  webhook: WebhookConfig | undefined
  /** Days without use after which a session of the mini-program is over. */
  sessionDays: number
  /** Whether openid and unionid are told to the mini-program. */
  exposeIds: boolean
  /** Logins, phone numbers and encrypted data a minute. */
  rateLimitPerIp: number
  /** Requests a minute with the same login or phone code. */
  rateLimitPerCode: number
  /** `trustProxy`: whose `X-Forwarded-For` is believed. */
  http: { host: string; port: number; trustProxy: string[] }
  /** Who may use the API; nobody = it is off. */
  apiKeys: readonly ApiKey[]
  /** Where a process that serves nothing else answers for its health; undefined = nowhere, 0 = any free port. */
  metricsPort: number | undefined
  /** Whoever asks for the metrics has to know it; undefined = everybody may ask. */
  metricsKey: string | undefined
  /** Personal data of users who left are deleted after as long. */
  purgeUnfollowedDays: number
  historyDays: number
  logLevel: LogLevel
}

/** All that holds for one account. */
export type AccountSettings = SharedConfig & AccountConfig

export interface Config extends SharedConfig {
  accounts: AtLeastOne<AccountConfig>
}

/**
 * The part a producer needs: `WECHAT_APPID` or the names of `ACCOUNTS_FILE`, `REDIS_URL`, `DATA_DIR`.
 * @throws ConfigError naming every problem at once
 */
export function loadProducerConfig(env: Environment = readEnvironment()): ProducerConfig {
  if (!env.ACCOUNTS_FILE) {
    const { WECHAT_APPID: appid, ...values } = parse(producerSchema, env)
    return { accounts: [{ name: appid, appid }], queue: toQueueConfig(values) }
  }
  const shared = check(sharedProducerSchema, env)
  const [values, accounts] = bothOrThrow(shared, readAccountNames(resolve(env.ACCOUNTS_FILE)))
  return { accounts, queue: toQueueConfig(values) }
}

/**
 * What a `DATABASE_URL` says.
 * @throws ConfigError
 */
export function parseDatabaseUrl(url: string): DatabaseConfig {
  return parse(environmentSchema.pick({ DATABASE_URL: true }).required(), { DATABASE_URL: url }).DATABASE_URL
}

/** `LOG_LEVEL`, or its default when it is none: the log must work before the configuration is judged. */
export function loadLogLevel(env: Environment = withProcess(readEnvFile(resolve('.env')).values)): LogLevel {
  return logLevels.find((level) => level === env.LOG_LEVEL) ?? 'info'
}

/** Known before the configuration is judged, for what is wrong with that has to be said too. */
export function loadLanguage(env: Environment = withProcess(readEnvFile(resolve('.env')).values)): Language {
  return toLanguage(env)
}

/**
 * The process environment over the `.env` file of the working directory.
 * @throws ConfigError when there is one that cannot be read
 */
export function readEnvironment(): Environment {
  const { values, fault: found } = readEnvFile(resolve('.env'))
  if (found === undefined) return withProcess(values)
  throw new ConfigError([
    { variable: '.env', expected: 'a text file in UTF-8 that this user may read', found },
  ])
}

function withProcess(values: Environment): Environment {
  return { ...values, ...withoutEmpty(process.env) }
}

/** One account, with all its settings in the environment. */
export function toConfig(values: z.infer<typeof completeSchema>): Config {
  const { WECHAT_APPID: appid, WECHAT_SECRET: secret } = values
  const { WECHAT_MINIPROGRAM_APPID: miniAppid, WECHAT_MINIPROGRAM_SECRET: miniSecret } = values
  const account: AccountConfig = {
    name: appid,
    appid,
    secret,
    miniProgram: miniAppid && miniSecret ? { appid: miniAppid, secret: miniSecret } : undefined,
    callback: toCallbackConfig(
      values.WECHAT_CALLBACK_TOKEN,
      values.WECHAT_ENCODING_AES_KEY,
      values.WECHAT_ENCODING_AES_KEY_PREVIOUS,
    ),
    miniProgramCallback: toMiniProgramCallback(
      miniAppid,
      values.WECHAT_MINIPROGRAM_CALLBACK_TOKEN,
      values.WECHAT_MINIPROGRAM_ENCODING_AES_KEY,
    ),
    syncCron: values.SYNC_CRON,
    syncDelay: 0,
    pushConcurrency: values.PUSH_CONCURRENCY,
    pushRate: values.PUSH_RATE,
  }
  return { ...toSharedConfig(values), accountsFile: undefined, accounts: [account] }
}

/** The accounts of a file. */
export function toConfigOfFile(
  values: SharedValues,
  path: string,
  entries: AtLeastOne<AccountEntry>,
): Config {
  const defaultCron = environmentSchema.shape.SYNC_CRON.parse(undefined)
  const toAccount = ({
    name,
    appid,
    secret,
    miniprogram,
    callback,
    ...entry
  }: AccountEntry): AccountConfig => ({
    name,
    appid,
    secret,
    miniProgram: miniprogram && { appid: miniprogram.appid, secret: miniprogram.secret },
    callback: toCallbackConfig(callback?.token, callback?.encodingAesKey, callback?.previousEncodingAesKey),
    miniProgramCallback: toMiniProgramCallback(
      miniprogram?.appid,
      miniprogram?.callback?.token,
      miniprogram?.callback?.encodingAesKey,
    ),
    syncCron: entry.syncCron ?? defaultCron,
    // Who gives a time of its own means it.
    syncDelay: entry.syncCron === undefined && entries.length > 1 ? toPlaceInHour(name) : 0,
    pushConcurrency: entry.concurrency ?? values.PUSH_CONCURRENCY,
    pushRate: entry.rate ?? 0,
  })
  const [first, ...others] = entries
  return {
    ...toSharedConfig(values),
    accountsFile: path,
    accounts: [toAccount(first), ...others.map(toAccount)],
  }
}

/** The same for the same name, on every machine. */
function toPlaceInHour(name: string): number {
  return Number.parseInt(hash('sha256', name).slice(0, 8), 16) % hour
}

function toSharedConfig(values: SharedValues): Omit<SharedConfig, 'accountsFile'> {
  return {
    ...toCommonConfig(values),
    queue: toQueueConfig(values),
    dataDir: values.DATA_DIR,
    timezone: values.TIMEZONE,
    syncConcurrency: values.SYNC_CONCURRENCY,
    syncRefreshDays: values.SYNC_REFRESH_DAYS,
    pushAttempts: values.PUSH_ATTEMPTS,
    pushCaps: values.PUSH_CAP ?? [],
    quiet: values.QUIET_HOURS && { window: values.QUIET_HOURS, action: values.QUIET_ACTION },
    retrySystemFailed: values.RETRY_SYSTEM_FAILED,
    alertWebhookUrl: values.ALERT_WEBHOOK_URL,
    webhook:
      values.WEBHOOK_URL && values.WEBHOOK_SECRET
        ? { url: values.WEBHOOK_URL, keys: values.WEBHOOK_SECRET }
        : undefined,
    alertLanguage: values.UNIONPUSH_LANG ?? 'zh',
    rateLimitPerIp: values.RATE_LIMIT_PER_IP,
    rateLimitPerCode: values.RATE_LIMIT_PER_CODE,
    http: { host: values.HTTP_HOST, port: values.HTTP_PORT, trustProxy: values.TRUST_PROXY },
    apiKeys: values.HTTP_API_KEYS ?? [],
    metricsPort: values.METRICS_PORT,
    metricsKey: values.METRICS_KEY,
    purgeUnfollowedDays: values.PURGE_UNFOLLOWED_DAYS,
    historyDays: values.HISTORY_DAYS,
  }
}

function toQueueConfig({
  DATABASE_URL: database,
  REDIS_URL: urls,
  REDIS_CA_FILE: ca,
  DATA_DIR,
}: QueueValues): QueueConfig {
  if (urls) return { kind: 'redis', urls, ...(ca !== undefined && { ca }) }
  if (database?.engine === 'postgres') {
    const { url, schema, sslmode } = database
    return { kind: 'postgres', url, schema, sslmode }
  }
  return { kind: 'embedded', dir: resolve(DATA_DIR, 'queue') }
}

function toCallbackConfig(
  token: string | undefined,
  ...keys: readonly (string | undefined)[]
): CallbackConfig | undefined {
  return token ? { token, encodingAesKeys: keys.filter((key) => key !== undefined) } : undefined
}

function toMiniProgramCallback(
  appid: string | undefined,
  token: string | undefined,
  key: string | undefined,
) {
  const callback = toCallbackConfig(token, key)
  return appid && callback ? { appid, ...callback } : undefined
}

/** What a login needs too. */
export function toCommonConfig(values: CommonValues) {
  return {
    apiBases: values.WECHAT_API_BASE,
    proxy: {
      http: values.http_proxy ?? values.HTTP_PROXY,
      https: values.https_proxy ?? values.HTTPS_PROXY,
      none: values.no_proxy ?? values.NO_PROXY,
    },
    database: values.DATABASE_URL ?? {
      engine: 'sqlite' as const,
      path: resolve(values.DATA_DIR, 'unionpush.db'),
    },
    sessionDays: values.SESSION_DAYS,
    exposeIds: values.EXPOSE_IDS,
    logLevel: values.LOG_LEVEL,
  }
}

import { resolve } from 'node:path'
import type { z } from 'zod'
import { ConfigError, type ConfigProblem } from './configError.ts'
import { readEnvFile } from './envFile.ts'
import {
  type CommonValues,
  callbackSchema,
  type completeSchema,
  type DatabaseConfig,
  environmentSchema,
  type LogLevel,
  logLevels,
  miniProgramSchema,
  producerSchema,
  proxySchema,
  secrets,
} from './environment.ts'
import type { PostgresAddress } from './postgresUrl.ts'

type QueueValues = Pick<
  z.infer<typeof environmentSchema>,
  'DATABASE_URL' | 'REDIS_URL' | 'REDIS_CA_FILE' | 'DATA_DIR'
>

export type { DatabaseConfig }

export type Environment = Record<string, string | undefined>

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

export interface CallbackConfig {
  token: string
  /** Current, then previous; none = messages come unencrypted. */
  encodingAesKeys: string[]
}

/** What a producer needs: it sees neither the secret nor the database. */
export interface ProducerConfig {
  appid: string
  queue: QueueConfig
}

export interface Config {
  account: AppCredentials
  miniProgram: AppCredentials | undefined
  /** WeChat's message push; undefined = it is not set up. */
  callback: CallbackConfig | undefined
  /** Of the mini-program's own message push. */
  miniProgramCallback: (CallbackConfig & { appid: string }) | undefined
  apiBases: string[]
  proxy: ProxyConfig
  database: DatabaseConfig
  queue: QueueConfig
  dataDir: string
  syncCron: string
  timezone: string
  syncConcurrency: number
  syncRefreshDays: number
  pushConcurrency: number
  /** Sends per second over all workers of the account; 0 = only the adaptive limit. */
  pushRate: number
  pushAttempts: number
  /** Whether a push that WeChat accepted and failed to deliver is sent once more. */
  retrySystemFailed: boolean
  /** Who is told when the account is paused or resumed. */
  alertWebhookUrl: string | undefined
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
  /** Personal data of users who left are deleted after as long. */
  purgeUnfollowedDays: number
  historyDays: number
  logLevel: LogLevel
}

/** What the login of the mini-program needs outside the program: it sees no secret of the service account. */
export interface MiniProgramConfig
  extends Pick<Config, 'apiBases' | 'proxy' | 'database' | 'sessionDays' | 'exposeIds' | 'logLevel'> {
  /** The service account. */
  appid: string
  miniProgram: AppCredentials
}

/**
 * The part a producer needs: `WECHAT_APPID`, `REDIS_URL`, `DATA_DIR`.
 * @throws ConfigError naming every problem at once
 */
export function loadProducerConfig(env: Environment = readEnvironment()): ProducerConfig {
  const values = parse(producerSchema, env)
  return { appid: values.WECHAT_APPID, queue: toQueueConfig(values) }
}

/**
 * The whole configuration of a process that takes WeChat's message push.
 * @throws ConfigError naming every problem at once
 */
export function loadCallbackConfig(
  env: Environment = readEnvironment(),
): Config & { callback: CallbackConfig } {
  const { callback, ...config } = toConfig(parse(callbackSchema, env))
  if (!callback) throw new ConfigError([toProblem('WECHAT_CALLBACK_TOKEN', undefined)])
  return { ...config, callback }
}

/**
 * The part the login of the mini-program needs; `WECHAT_APPID` tells whose followers to look among.
 * @throws ConfigError naming every problem at once
 */
export function loadMiniProgramConfig(env: Environment = readEnvironment()): MiniProgramConfig {
  const values = parse(miniProgramSchema, env)
  return {
    appid: values.WECHAT_APPID,
    miniProgram: { appid: values.WECHAT_MINIPROGRAM_APPID, secret: values.WECHAT_MINIPROGRAM_SECRET },
    ...toCommonConfig(values),
  }
}

/** `LOG_LEVEL`, or its default when it is none: the log must work before the configuration is judged. */
export function loadLogLevel(env: Environment = withProcess(readEnvFile(resolve('.env')).values)): LogLevel {
  return logLevels.find((level) => level === env.LOG_LEVEL) ?? 'info'
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

export function parse<T>(schema: z.ZodType<T>, env: Environment): T {
  const result = schema.safeParse(withoutEmpty(env))
  if (result.success) return result.data
  const issues = new Map(result.error.issues.map((issue) => [String(issue.path[0]), issue]))
  throw new ConfigError([...issues].map(([name, issue]) => toProblem(name, env[name], toExpected(issue))))
}

export function toConfig(values: z.infer<typeof completeSchema>): Config {
  return {
    account: { appid: values.WECHAT_APPID, secret: values.WECHAT_SECRET },
    miniProgram:
      values.WECHAT_MINIPROGRAM_APPID && values.WECHAT_MINIPROGRAM_SECRET
        ? { appid: values.WECHAT_MINIPROGRAM_APPID, secret: values.WECHAT_MINIPROGRAM_SECRET }
        : undefined,
    callback: toCallbackConfig(values),
    miniProgramCallback: toMiniProgramCallback(values),
    ...toCommonConfig(values),
    queue: toQueueConfig(values),
    dataDir: values.DATA_DIR,
    syncCron: values.SYNC_CRON,
    timezone: values.TIMEZONE,
    syncConcurrency: values.SYNC_CONCURRENCY,
    syncRefreshDays: values.SYNC_REFRESH_DAYS,
    pushConcurrency: values.PUSH_CONCURRENCY,
    pushRate: values.PUSH_RATE,
    pushAttempts: values.PUSH_ATTEMPTS,
    retrySystemFailed: values.RETRY_SYSTEM_FAILED,
    alertWebhookUrl: values.ALERT_WEBHOOK_URL,
    rateLimitPerIp: values.RATE_LIMIT_PER_IP,
    rateLimitPerCode: values.RATE_LIMIT_PER_CODE,
    http: { host: values.HTTP_HOST, port: values.HTTP_PORT, trustProxy: values.TRUST_PROXY },
    purgeUnfollowedDays: values.PURGE_UNFOLLOWED_DAYS,
    historyDays: values.HISTORY_DAYS,
  }
}

/** What the value in question lacks, when there is more to say than what the variable is for. */
function toExpected(issue: z.core.$ZodIssue): string | undefined {
  const expected: unknown = issue.code === 'custom' ? issue.params?.expected : undefined
  return typeof expected === 'string' && expected !== '' ? expected : undefined
}

function toProblem(variable: string, found: string | undefined, special?: string): ConfigProblem {
  const variables = Object.entries({ ...environmentSchema.shape, ...proxySchema.shape })
  const expected = special ?? variables.find(([name]) => name === variable)?.[1].description
  return { variable, expected: expected ?? 'a valid value', found: toFound(variable, found) }
}

function toFound(variable: string, value: string | undefined): string {
  if (!value) return 'nothing'
  if (secrets.has(variable)) return `${value.length} characters (not shown)`
  // Up to the last @, because a password that is not encoded may hold anything, a comma and a slash included.
  return JSON.stringify(
    value.replace(/^([a-z+]+:\/\/)?.*@/is, '$1***@').replace(/(password=)[^&]*/gi, '$1***'),
  )
}

function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
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

function toCallbackConfig(values: z.infer<typeof completeSchema>): CallbackConfig | undefined {
  const { WECHAT_CALLBACK_TOKEN: token, WECHAT_ENCODING_AES_KEY, WECHAT_ENCODING_AES_KEY_PREVIOUS } = values
  const keys = [WECHAT_ENCODING_AES_KEY, WECHAT_ENCODING_AES_KEY_PREVIOUS]
  return token ? { token, encodingAesKeys: keys.filter((key) => key !== undefined) } : undefined
}

function toMiniProgramCallback(values: z.infer<typeof completeSchema>) {
  const {
    WECHAT_MINIPROGRAM_APPID: appid,
    WECHAT_MINIPROGRAM_CALLBACK_TOKEN: token,
    WECHAT_MINIPROGRAM_ENCODING_AES_KEY: key,
  } = values
  return appid && token ? { appid, token, encodingAesKeys: key ? [key] : [] } : undefined
}

function toCommonConfig(values: CommonValues) {
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

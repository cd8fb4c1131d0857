import { hash } from 'node:crypto'
import { resolve } from 'node:path'
import type { z } from 'zod'
import type { AccountEntry, AtLeastOne } from './accounts/accountsSchema.ts'
import type {
  AccountConfig,
  CallbackConfig,
  Config,
  DatabaseConfig,
  QueueConfig,
  SharedConfig,
} from './config.ts'
import { hour } from './duration.ts'
import type { CommonValues, completeSchema, SharedValues } from './environment/requirements.ts'
import { environmentSchema } from './environment/variables.ts'

type QueueValues = Pick<
  z.infer<typeof environmentSchema>,
  | 'DATABASE_URL'
  | 'REDIS_URL'
  | 'REDIS_CA_FILE'
  | 'DATA_DIR'
  | 'OTEL_EXPORTER_OTLP_ENDPOINT'
  | 'OTEL_SERVICE_NAME'
>

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
    language: values.UNIONPUSH_LANG ?? 'en',
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

export function toQueueConfig({
  DATABASE_URL: database,
  REDIS_URL: urls,
  REDIS_CA_FILE: ca,
  DATA_DIR,
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_SERVICE_NAME: serviceName,
}: QueueValues): QueueConfig {
  const traced = endpoint === undefined ? {} : { tracing: { endpoint, serviceName } }
  if (urls) return { kind: 'redis', urls, ...(ca !== undefined && { ca }), ...traced }
  if (database?.engine === 'postgres') {
    const { url, schema, sslmode } = database
    return { kind: 'postgres', url, schema, sslmode, ...traced }
  }
  return { kind: 'embedded', dir: resolve(DATA_DIR, 'queue'), ...traced }
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

export function toDatabaseConfig({
  DATABASE_URL: database,
  DATA_DIR,
}: Pick<QueueValues, 'DATABASE_URL' | 'DATA_DIR'>): DatabaseConfig {
  return database ?? { engine: 'sqlite', path: resolve(DATA_DIR, 'unionpush.db') }
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
    database: toDatabaseConfig(values),
    sessionDays: values.SESSION_DAYS,
    exposeIds: values.EXPOSE_IDS,
    logLevel: values.LOG_LEVEL,
  }
}

import type { AccountName } from './accounts/accountName.ts'
import type { AtLeastOne } from './accounts/accountsSchema.ts'
import type { ApiKey } from './api/apiKeys.ts'
import type { DayWindow } from './dayWindow.ts'
import type { DatabaseConfig, PushCap } from './environment/values.ts'
import type { LogLevel } from './environment/variables.ts'
import type { TracingConfig } from './monitoring/tracing.ts'
import type { Language } from './sentences/language.ts'
import type { PostgresAddress } from './urls/postgresUrl.ts'

export type { DatabaseConfig }

export interface AppCredentials {
  appid: string
  secret: string
}

export type QueueConfig = {
  /** Undefined = pushes are not traced. */
  tracing?: TracingConfig
} & (
  | {
      kind: 'redis'
      /** One, or several hosts of one cluster. */
      urls: string[]
      /** Certificates to trust with TLS, as PEM. */
      ca?: string
    }
  /** BullMQ on the database of the tables, in a schema beside them. */
  | ({ kind: 'postgres' } & PostgresAddress)
  /** BullMQ on an in-process PostgreSQL whose data live under `dir`. */
  | { kind: 'embedded'; dir: string }
)

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
  /** Where it would be; a producer needs none. */
  database: DatabaseConfig
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
  /** Of the log and of webhooks: English unless `UNIONPUSH_LANG` says otherwise. */
  language: Language
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

import * as z from 'zod'
import { apiKeysSchema } from '../api/apiKeys.ts'
import { parseWindow } from '../dayWindow.ts'
import { languages } from '../sentences/language.ts'
import { rule } from '../sentences/rule.ts'
import { say } from '../sentences/sentence.ts'
import {
  aesKey,
  appid,
  caps,
  certificates,
  databaseUrl,
  directory,
  integer,
  isTimezone,
  onOrOff,
  proxyRanges,
  proxyUrl,
  redisUrls,
  secret,
  urlList,
  webhookKeys,
} from './values.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** Their values are in no message. */
export const secrets = new Set([
  'WECHAT_SECRET',
  'WECHAT_MINIPROGRAM_SECRET',
  'WECHAT_CALLBACK_TOKEN',
  'WECHAT_ENCODING_AES_KEY',
  'WECHAT_ENCODING_AES_KEY_PREVIOUS',
  'WECHAT_MINIPROGRAM_CALLBACK_TOKEN',
  'WECHAT_MINIPROGRAM_ENCODING_AES_KEY',
  'ALERT_WEBHOOK_URL',
  'WEBHOOK_SECRET',
  'HTTP_API_KEYS',
  'METRICS_KEY',
])

const range = (key: 'expected.integer' | 'expected.days' | 'expected.requests', min: number, max: number) =>
  rule(say(key, { min: String(min), max: String(max) }))
const proxy = proxyUrl.optional().describe(rule(say('expected.proxyUrl')))

/** What many programs of a machine share, in both spellings. */
export const proxySchema = z.object({
  HTTP_PROXY: proxy,
  http_proxy: proxy,
  HTTPS_PROXY: proxy,
  https_proxy: proxy,
  NO_PROXY: z.string().optional(),
  no_proxy: z.string().optional(),
})

/** Every variable of our own in the order of `.env.example`; a description says what is expected. */
export const environmentSchema = z.object({
  WECHAT_APPID: appid.describe(rule(say('expected.appid'))),
  WECHAT_SECRET: secret.describe(rule(say('expected.secret'))),
  ACCOUNTS_FILE: directory.optional().describe(rule(say('expected.accountsFile'))),
  WECHAT_MINIPROGRAM_APPID: appid.optional().describe(rule(say('expected.miniAppid'))),
  WECHAT_MINIPROGRAM_SECRET: secret.optional().describe(rule(say('expected.miniSecret'))),
  WECHAT_CALLBACK_TOKEN: secret.optional().describe(rule(say('expected.callbackToken'))),
  WECHAT_ENCODING_AES_KEY: aesKey.optional().describe(rule(say('expected.aesKey'))),
  WECHAT_ENCODING_AES_KEY_PREVIOUS: aesKey.optional().describe(rule(say('expected.previousAesKey'))),
  WECHAT_MINIPROGRAM_CALLBACK_TOKEN: secret.optional().describe(rule(say('expected.miniCallbackToken'))),
  WECHAT_MINIPROGRAM_ENCODING_AES_KEY: aesKey.optional().describe(rule(say('expected.miniAesKey'))),
  WECHAT_API_BASE: urlList(/^https?$/)
    .prefault('https://api.weixin.qq.com,https://api2.weixin.qq.com')
    .describe(rule(say('expected.apiBases'))),
  DATABASE_URL: databaseUrl.optional().describe(rule(say('expected.databaseUrl'))),
  REDIS_URL: redisUrls.optional().describe(rule(say('expected.redisUrl'))),
  REDIS_CA_FILE: certificates.optional().describe(rule(say('expected.certificates'))),
  DATA_DIR: directory.prefault('./data').describe(rule(say('expected.directory'))),
  SYNC_CRON: z
    .string()
    .prefault('30 3 * * *')
    .describe(rule(say('expected.cron'))),
  TIMEZONE: z
    .string()
    .refine(isTimezone)
    .prefault('Asia/Shanghai')
    .describe(rule(say('expected.timezone'))),
  SYNC_CONCURRENCY: integer(1, 100)
    .prefault('5')
    .describe(range('expected.integer', 1, 100)),
  SYNC_REFRESH_DAYS: integer(1, 3650)
    .prefault('30')
    .describe(range('expected.days', 1, 3650)),
  PUSH_CONCURRENCY: integer(1, 1000)
    .prefault('50')
    .describe(range('expected.integer', 1, 1000)),
  PUSH_RATE: integer(0, 10_000)
    .prefault('0')
    .describe(rule(say('expected.pushRate'))),
  PUSH_ATTEMPTS: integer(1, 100)
    .prefault('8')
    .describe(range('expected.integer', 1, 100)),
  PUSH_CAP: caps.optional().describe(rule(say('expected.caps'))),
  QUIET_HOURS: z
    .string()
    .transform((text, context) => {
      const window = parseWindow(text)
      if (window !== undefined) return window
      context.addIssue({ code: 'custom' })
      return z.NEVER
    })
    .optional()
    .describe(rule(say('expected.hours', { example: '22:00-08:00' }))),
  QUIET_ACTION: z
    .enum(['wait', 'skip'])
    .prefault('wait')
    .describe(rule(say('expected.waitOrSkip'))),
  RETRY_SYSTEM_FAILED: onOrOff.prefault('off').describe(rule(say('expected.onOrOff'))),
  ALERT_WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(rule(say('expected.alertUrl'))),
  WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(rule(say('expected.webhookUrl'))),
  WEBHOOK_SECRET: webhookKeys.optional().describe(rule(say('expected.webhookSecret'))),
  SESSION_DAYS: integer(1, 365)
    .prefault('30')
    .describe(range('expected.days', 1, 365)),
  EXPOSE_IDS: onOrOff.prefault('off').describe(rule(say('expected.onOrOff'))),
  RATE_LIMIT_PER_IP: integer(1, 100_000)
    .prefault('60')
    .describe(range('expected.requests', 1, 100000)),
  RATE_LIMIT_PER_CODE: integer(1, 1000)
    .prefault('5')
    .describe(range('expected.requests', 1, 1000)),
  HTTP_HOST: z
    .string()
    .regex(/^[\w.:-]{1,253}$/)
    .prefault('127.0.0.1')
    .describe(rule(say('expected.host'))),
  HTTP_PORT: integer(0, 65_535)
    .prefault('3000')
    .describe(rule(say('expected.port'))),
  HTTP_API_KEYS: apiKeysSchema.optional().describe(rule(say('expected.apiKeys'))),
  METRICS_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{24,128}$/)
    .optional()
    .describe(rule(say('expected.printable'))),
  METRICS_PORT: integer(0, 65_535)
    .optional()
    .describe(rule(say('expected.port'))),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe(rule(say('expected.otlp'))),
  OTEL_SERVICE_NAME: z
    .string()
    .min(1)
    .max(255)
    .prefault('unionpush')
    .describe(rule(say('expected.serviceName'))),
  TRUST_PROXY: proxyRanges
    .prefault('loopback,linklocal,uniquelocal,100.64.0.0/10')
    .describe(rule(say('expected.trustProxy'))),
  PURGE_UNFOLLOWED_DAYS: integer(1, 3650)
    .prefault('30')
    .describe(range('expected.days', 1, 3650)),
  HISTORY_DAYS: integer(1, 3650)
    .prefault('90')
    .describe(range('expected.days', 1, 3650)),
  UNIONPUSH_LANG: z
    .enum(languages)
    .optional()
    .describe(rule(say('expected.language'))),
  LOG_LEVEL: z
    .enum(logLevels)
    .prefault('info')
    .describe(rule(say('expected.logLevel', { levels: logLevels.join(', ') }))),
})

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { apiKeysSchema } from './api/apiKeys.ts'
import { parseWindow } from './dayWindow.ts'
import { day, hour } from './duration.ts'
import { languages } from './sentences/language.ts'
import {
  findPostgresUrlFault,
  isPostgresUrl,
  type PostgresAddress,
  toPostgresAddress,
} from './urls/postgresUrl.ts'
import { findRedisUrlFault, splitRedisUrls } from './urls/redisUrl.ts'

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

/** Of what the console gives out. */
export const patterns = {
  appid: /^[A-Za-z0-9_-]{1,64}$/,
  secret: /^[\x21-\x7e]{1,128}$/,
  /** Real keys are rarely canonical base64 (the last character carries two spare bits), so nothing stricter is asked. */
  aesKey: /^[A-Za-z0-9]{43}$/,
}
const appid = z.string().regex(patterns.appid)
const secret = z.string().regex(patterns.secret)
const aesKey = z.string().regex(patterns.aesKey)
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
const onOrOff = z.enum(['on', 'off']).transform((value) => value === 'on')
const toUrls = (text: string) => text.split(',').map((url) => url.trim().replace(/\/+$/, ''))
const urlList = (protocol: RegExp) =>
  z
    .string()
    .transform(toUrls)
    .pipe(z.array(z.url({ protocol })).min(1))
const redisUrls = z.string().transform((text, context) => {
  const urls = splitRedisUrls(text)
  const expected = findRedisUrlFault(urls)
  if (expected === undefined) return urls
  context.addIssue({ code: 'custom', params: { expected } })
  return z.NEVER
})
const certificates = z.string().transform((path, context) => {
  const text = readText(path)
  if (text?.includes('-----BEGIN CERTIFICATE-----')) return text
  context.addIssue({ code: 'custom' })
  return z.NEVER
})
/** Nobody's, or what Fastify takes for `trustProxy`. */
const proxyRanges = z
  .string()
  .transform((text) => (text.trim() === 'off' ? [] : text.split(',').map((range) => range.trim())))
  .pipe(
    z.array(
      z.union([z.enum(['loopback', 'linklocal', 'uniquelocal']), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]),
    ),
  )
/** As Standard Webhooks has it: a key, or two while it is being changed. */
const webhookKeys = z
  .string()
  .transform((text) => text.trim().split(/\s+/))
  .pipe(
    z
      .array(
        z
          .string()
          .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/)
          .transform((text) => Buffer.from(text.slice('whsec_'.length), 'base64'))
          .refine(({ length }) => length >= 24 && length <= 64),
      )
      .max(2),
  )
const directory = z.string().transform((path) => resolve(path))
const file = directory

/** So many messages of a template, or with `*` of any, may one user get in `ms` milliseconds. */
export interface PushCap {
  templateId: string
  most: number
  ms: number
}

const capPattern = /^([\w-]{1,128}|\*):([1-9]\d{0,3})\/([1-9]\d{0,2})([dh])$/
const caps = z.string().transform((text, context): PushCap[] => {
  const found = text.split(',').map((entry) => capPattern.exec(entry.trim()))
  return found.map((match) => {
    const [, templateId = '', most = '', count = '', unit] = match ?? []
    if (match === null) context.addIssue({ code: 'custom' })
    return { templateId, most: Number(most), ms: Number(count) * (unit === 'd' ? day : hour) }
  })
})

/** Where the tables are. */
export type DatabaseConfig = { engine: 'sqlite'; path: string } | ({ engine: 'postgres' } & PostgresAddress)

const databaseUrl = z.string().transform((url, context): DatabaseConfig => {
  const expected = isPostgresUrl(url) ? findPostgresUrlFault(url) : undefined
  if (isPostgresUrl(url) && expected === undefined) return { engine: 'postgres', ...toPostgresAddress(url) }
  const path = /^file:./.test(url) ? toPath(url) : undefined
  if (path !== undefined) return { engine: 'sqlite', path }
  context.addIssue({ code: 'custom', params: { expected } })
  return z.NEVER
})

const proxyUrl = z
  .string()
  .transform((text, context) => {
    const url = toProxyUrl(text)
    if (url !== undefined) return url
    context.addIssue({ code: 'custom' })
    return z.NEVER
  })
  .optional()
  .describe(
    'http://host:port or https://host:port (SOCKS is not supported; user and password percent-encoded)',
  )

/** What many programs of a machine share, in both spellings. */
export const proxySchema = z.object({
  HTTP_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  https_proxy: proxyUrl,
  NO_PROXY: z.string().optional(),
  no_proxy: z.string().optional(),
})

/** Every variable of our own in the order of `.env.example`; a description says what is expected. */
export const environmentSchema = z.object({
  WECHAT_APPID: appid.describe('the AppID of the service account (wx...)'),
  WECHAT_SECRET: secret.describe('the AppSecret of the service account'),
  ACCOUNTS_FILE: file.optional().describe('a JSON file with several accounts'),
  WECHAT_MINIPROGRAM_APPID: appid.optional().describe('the AppID of the mini-program (wx...)'),
  WECHAT_MINIPROGRAM_SECRET: secret.optional().describe('the AppSecret of the mini-program'),
  WECHAT_CALLBACK_TOKEN: secret.optional().describe('the Token of the server settings in the console'),
  WECHAT_ENCODING_AES_KEY: aesKey
    .optional()
    .describe('43 letters and digits, the EncodingAESKey of the server settings'),
  WECHAT_ENCODING_AES_KEY_PREVIOUS: aesKey
    .optional()
    .describe('43 letters and digits, and WECHAT_ENCODING_AES_KEY besides'),
  WECHAT_MINIPROGRAM_CALLBACK_TOKEN: secret
    .optional()
    .describe("the Token of the mini-program's message push, and WECHAT_MINIPROGRAM_APPID besides"),
  WECHAT_MINIPROGRAM_ENCODING_AES_KEY: aesKey
    .optional()
    .describe('43 letters and digits, and WECHAT_MINIPROGRAM_CALLBACK_TOKEN besides'),
  WECHAT_API_BASE: urlList(/^https?$/)
    .prefault('https://api.weixin.qq.com,https://api2.weixin.qq.com')
    .describe('one or more https:// URLs, separated by commas'),
  DATABASE_URL: databaseUrl
    .optional()
    .describe('a SQLite file such as file:./data/unionpush.db, or postgres://user:password@host/database'),
  REDIS_URL: redisUrls
    .optional()
    .describe(
      'redis://host:port or rediss://host:port (several, separated by commas, are one cluster), unix:///path, or redis+sentinel://host:port,host:port/name',
    ),
  REDIS_CA_FILE: certificates
    .optional()
    .describe('a file with certificates as PEM, and rediss:// or rediss+sentinel:// in REDIS_URL'),
  DATA_DIR: directory.prefault('./data').describe('a directory'),
  SYNC_CRON: z.string().prefault('30 3 * * *').describe('a cron expression such as 30 3 * * *'),
  TIMEZONE: z
    .string()
    .refine(isTimezone)
    .prefault('Asia/Shanghai')
    .describe('a time zone such as Asia/Shanghai'),
  SYNC_CONCURRENCY: integer(1, 100).prefault('5').describe('a whole number from 1 to 100'),
  SYNC_REFRESH_DAYS: integer(1, 3650).prefault('30').describe('whole days from 1 to 3650'),
  PUSH_CONCURRENCY: integer(1, 1000).prefault('50').describe('a whole number from 1 to 1000'),
  PUSH_RATE: integer(0, 10_000).prefault('0').describe('sends per second from 0 (no fixed limit) to 10000'),
  PUSH_ATTEMPTS: integer(1, 100).prefault('8').describe('a whole number from 1 to 100'),
  PUSH_CAP: caps
    .optional()
    .describe(
      '<template id>:<pushes>/<days>d, several separated by commas, such as ngqIpb...EYtY:3/1d; * = any template',
    ),
  QUIET_HOURS: z
    .string()
    .transform((text, context) => {
      const window = parseWindow(text)
      if (window !== undefined) return window
      context.addIssue({ code: 'custom' })
      return z.NEVER
    })
    .optional()
    .describe('hours such as 22:00-08:00'),
  QUIET_ACTION: z.enum(['wait', 'skip']).prefault('wait').describe('wait or skip'),
  RETRY_SYSTEM_FAILED: onOrOff.prefault('off').describe('on or off'),
  ALERT_WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('an http:// or https:// URL, such as that of a WeCom group robot'),
  WEBHOOK_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('an http:// or https:// URL of your own'),
  WEBHOOK_SECRET: webhookKeys
    .optional()
    .describe(
      'whsec_ and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` makes it; two separated by a blank while it is being changed',
    ),
  SESSION_DAYS: integer(1, 365).prefault('30').describe('whole days from 1 to 365'),
  EXPOSE_IDS: onOrOff.prefault('off').describe('on or off'),
  RATE_LIMIT_PER_IP: integer(1, 100_000).prefault('60').describe('requests a minute from 1 to 100000'),
  RATE_LIMIT_PER_CODE: integer(1, 1000).prefault('5').describe('requests a minute from 1 to 1000'),
  HTTP_HOST: z
    .string()
    .regex(/^[\w.:-]{1,253}$/)
    .prefault('127.0.0.1')
    .describe('an address of this machine such as 127.0.0.1 or 0.0.0.0'),
  HTTP_PORT: integer(0, 65_535).prefault('3000').describe('a port from 1 to 65535, 0 = any free one'),
  HTTP_API_KEYS: apiKeysSchema.optional().describe('name:role:key, separated by commas'),
  METRICS_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{24,128}$/)
    .optional()
    .describe('24 to 128 printable ASCII characters without blanks'),
  METRICS_PORT: integer(0, 65_535).optional().describe('a port from 1 to 65535, 0 = any free one'),
  TRUST_PROXY: proxyRanges
    .prefault('loopback,linklocal,uniquelocal,100.64.0.0/10')
    .describe('addresses or ranges such as 10.0.0.0/8, separated by commas, or off'),
  PURGE_UNFOLLOWED_DAYS: integer(1, 3650).prefault('30').describe('whole days from 1 to 3650'),
  HISTORY_DAYS: integer(1, 3650).prefault('90').describe('whole days from 1 to 3650'),
  UNIONPUSH_LANG: z.enum(languages).optional().describe('zh or en'),
  LOG_LEVEL: z
    .enum(logLevels)
    .prefault('info')
    .describe(`one of ${logLevels.join(', ')}`),
})

export const evenWithOtherProblems = { when: () => true }

const tlsRule = { path: ['REDIS_CA_FILE'], ...evenWithOtherProblems }
const producerShape = environmentSchema.pick({
  DATABASE_URL: true,
  REDIS_URL: true,
  REDIS_CA_FILE: true,
  DATA_DIR: true,
})

/** What a producer needs; beside ACCOUNTS_FILE the same without an account. */
export const producerSchema = producerShape
  .extend({ WECHAT_APPID: environmentSchema.shape.WECHAT_APPID })
  .refine(hasTlsForCertificates, tlsRule)
export const sharedProducerSchema = producerShape.refine(hasTlsForCertificates, tlsRule)

/** Whoever is told has to be able to see that it is us. */
const webhookRule = { path: ['WEBHOOK_SECRET'], ...evenWithOtherProblems }

function hasWebhookSecret(v: { WEBHOOK_URL?: unknown; WEBHOOK_SECRET?: unknown }): boolean {
  return !v.WEBHOOK_URL || v.WEBHOOK_SECRET !== undefined
}

function hasTlsForCertificates(v: { REDIS_URL?: unknown; REDIS_CA_FILE?: unknown }): boolean {
  const [first]: unknown[] = Array.isArray(v.REDIS_URL) ? v.REDIS_URL : []
  return !v.REDIS_CA_FILE || !v.REDIS_URL || /^rediss/i.test(String(first))
}
export const completeSchema = environmentSchema
  .extend(proxySchema.shape)
  .refine((v) => !v.WECHAT_MINIPROGRAM_SECRET || v.WECHAT_MINIPROGRAM_APPID, {
    path: ['WECHAT_MINIPROGRAM_APPID'],
    ...evenWithOtherProblems,
  })
  .refine((v) => !v.WECHAT_MINIPROGRAM_APPID || v.WECHAT_MINIPROGRAM_SECRET, {
    path: ['WECHAT_MINIPROGRAM_SECRET'],
    ...evenWithOtherProblems,
  })
  .refine(hasTlsForCertificates, { path: ['REDIS_CA_FILE'], ...evenWithOtherProblems })
  .refine(hasWebhookSecret, webhookRule)
  .refine((v) => v.WECHAT_CALLBACK_TOKEN || !v.WECHAT_ENCODING_AES_KEY, {
    path: ['WECHAT_CALLBACK_TOKEN'],
    ...evenWithOtherProblems,
  })
  .refine((v) => v.WECHAT_ENCODING_AES_KEY || !v.WECHAT_ENCODING_AES_KEY_PREVIOUS, {
    path: ['WECHAT_ENCODING_AES_KEY'],
    ...evenWithOtherProblems,
  })
  .refine((v) => v.WECHAT_MINIPROGRAM_APPID || !v.WECHAT_MINIPROGRAM_CALLBACK_TOKEN, {
    path: ['WECHAT_MINIPROGRAM_APPID'],
    ...evenWithOtherProblems,
  })
  .refine((v) => v.WECHAT_MINIPROGRAM_CALLBACK_TOKEN || !v.WECHAT_MINIPROGRAM_ENCODING_AES_KEY, {
    path: ['WECHAT_MINIPROGRAM_CALLBACK_TOKEN'],
    ...evenWithOtherProblems,
  })

/** What taking WeChat's message push needs. */
export const callbackSchema = completeSchema.refine((v) => v.WECHAT_CALLBACK_TOKEN, {
  path: ['WECHAT_CALLBACK_TOKEN'],
  ...evenWithOtherProblems,
})

/** What the login of the mini-program needs. */
export const miniProgramSchema = environmentSchema
  .pick({
    WECHAT_APPID: true,
    WECHAT_MINIPROGRAM_APPID: true,
    WECHAT_MINIPROGRAM_SECRET: true,
    WECHAT_API_BASE: true,
    DATABASE_URL: true,
    DATA_DIR: true,
    SESSION_DAYS: true,
    EXPOSE_IDS: true,
    LOG_LEVEL: true,
  })
  .extend(proxySchema.shape)
  .required({ WECHAT_MINIPROGRAM_APPID: true, WECHAT_MINIPROGRAM_SECRET: true })

/** What must not stand in the environment beside ACCOUNTS_FILE, which says it for each account. */
export const singleAccountVariables = {
  WECHAT_APPID: true,
  WECHAT_SECRET: true,
  WECHAT_MINIPROGRAM_APPID: true,
  WECHAT_MINIPROGRAM_SECRET: true,
  WECHAT_CALLBACK_TOKEN: true,
  WECHAT_ENCODING_AES_KEY: true,
  WECHAT_ENCODING_AES_KEY_PREVIOUS: true,
  WECHAT_MINIPROGRAM_CALLBACK_TOKEN: true,
  WECHAT_MINIPROGRAM_ENCODING_AES_KEY: true,
  SYNC_CRON: true,
  PUSH_RATE: true,
} as const

/** What stands there. */
export const sharedSchema = environmentSchema
  .omit(singleAccountVariables)
  .extend(proxySchema.shape)
  .refine(hasTlsForCertificates, tlsRule)
  .refine(hasWebhookSecret, webhookRule)
export type SharedValues = z.infer<typeof sharedSchema>

export type CommonValues = Omit<
  z.infer<typeof miniProgramSchema>,
  'WECHAT_APPID' | `WECHAT_MINIPROGRAM_${string}`
>

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Undefined for a URL that names no file of this machine, such as `file://host/a`. */
function toPath(url: string): string | undefined {
  try {
    return url.startsWith('file://') ? fileURLToPath(url) : resolve(url.slice('file:'.length))
  } catch {
    return undefined
  }
}

/** A proxy as curl takes it, without a scheme `http://`; undefined for what is none. Anything behind the host is a password that is not encoded. */
function toProxyUrl(text: string): string | undefined {
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
    decodeURIComponent(url.username + url.password)
    const isProxy = /^https?:$/.test(url.protocol) && `${url.pathname}${url.search}${url.hash}` === '/'
    return isProxy ? url.href.slice(0, -1) : undefined
  } catch {
    return undefined
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

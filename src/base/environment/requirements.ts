import type * as z from 'zod'
import { environmentSchema, proxySchema } from './variables.ts'

export const evenWithOtherProblems = { when: () => true }

const tlsRule = { path: ['REDIS_CA_FILE'], ...evenWithOtherProblems }
const producerShape = environmentSchema.pick({
  DATABASE_URL: true,
  REDIS_URL: true,
  REDIS_CA_FILE: true,
  DATA_DIR: true,
  OTEL_EXPORTER_OTLP_ENDPOINT: true,
  OTEL_SERVICE_NAME: true,
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

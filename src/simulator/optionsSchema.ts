import { isIP } from 'node:net'
import * as z from 'zod'
import { callbackOptionsSchema } from './callbacks/settings.ts'
import { fields, filledText, flag, share, text, wholeNumber } from './control/input.ts'
import type { HiddenRate, SimulatedQuotas, SimulatedTemplate, SimulatorOptions } from './options.ts'
import type { AcceptedMessage } from './platform/messages/acceptedMessage.ts'

export const hiddenRateSchema = fields({
  perSecond: wholeNumber(0).optional(),
  perMinute: wholeNumber(0).optional(),
  errcode: z.literal([45011, -1], 'expected 45011 or -1').optional(),
} satisfies Record<keyof HiddenRate, z.ZodType>)

const templateSchema = fields({
  templateId: filledText.optional(),
  title: text.optional(),
  content: text.optional(),
  example: text.optional(),
  primaryIndustry: text.optional(),
  deputyIndustry: text.optional(),
  values: z.record(text, z.array(text)).optional(),
} satisfies Record<keyof SimulatedTemplate, z.ZodType>)

/** What a newly verified account has. */
const quotasSchema = fields({
  templateSend: wholeNumber(0).default(100_000),
  userGet: wholeNumber(0).default(500),
  userInfo: wholeNumber(0).default(5_000_000),
  batchget: wholeNumber(0).default(5_000_000),
  token: wholeNumber(0).default(2_000),
  stableToken: wholeNumber(0).default(500_000),
  intercepted: wholeNumber(0).default(1_000),
} satisfies Record<keyof SimulatedQuotas, z.ZodType>)

const address = filledText.refine((given) => isAddress(given), 'expected an IP address, or a CIDR range')

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

export type Settings = z.output<typeof optionsSchema>

/** Every option with its value. */
export const optionsSchema = fields({
  port: wholeNumber(0).max(65_535, 'expected at most 65535').default(0),
  host: filledText.default('127.0.0.1'),
  appid: filledText.optional(),
  secret: filledText.optional(),
  miniprogram: fields({ appid: filledText, secret: filledText }).optional(),
  accounts: wholeNumber(1).max(1_000, 'expected at most 1000').default(1),
  seed: z.int('expected a whole number').default(1),
  followers: wholeNumber(0).default(0),
  withoutUnionid: share().default(0),
  unionidDelayMs: wholeNumber(0).default(0),
  unionidAfterLeaving: flag.default(false),
  pageSize: wholeNumber(1).default(10_000),
  lastPageCursor: z.enum(['last', 'empty'], 'expected last or empty').default('last'),
  templates: z.array(templateSchema).readonly().optional(),
  linkedMiniprograms: z.array(filledText).readonly().default([]),
  pages: z.array(filledText).readonly().optional(),
  latencyMs: wholeNumber(0).default(0),
  tokenLifeSeconds: wholeNumber(1).default(7_200),
  tokenOverlapSeconds: wholeNumber(0).default(300),
  dedupeWindowMs: wholeNumber(0).default(600_000),
  dedupeAnswer: z.union([z.literal('ok'), z.int()], 'expected ok or an errcode').default('ok'),
  quotas: quotasSchema.prefault({}),
  rate: hiddenRateSchema.default({}),
  callback: callbackOptionsSchema.optional(),
  ipWhitelist: z.array(address).readonly().optional(),
  keepAccepted: flag.default(true),
  onAccepted: z.custom<(message: AcceptedMessage) => void>(isFunction, 'expected a function').optional(),
  now: z.custom<() => number>(isFunction, 'expected a function').default(() => Date.now),
} satisfies Record<keyof SimulatorOptions, z.ZodType>)

function isAddress(given: string): boolean {
  const [host = '', bits, ...rest] = given.split('/')
  const family = isIP(host)
  const longest = family === 4 ? 32 : 128
  return (
    family !== 0 &&
    rest.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest))
  )
}

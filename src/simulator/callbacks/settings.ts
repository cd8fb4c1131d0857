import * as z from 'zod'
import { fields, filledText, findProblem, wholeNumber } from '../control/input.ts'
import { type CallbackOptions, callbackModes } from './options.ts'

/** Every option with its value; without a key `encodingAesKey` is empty. */
export type CallbackSettings = ReturnType<typeof toCallbackSettings>

const urlRule = 'expected an http or https URL'
const keyRule = 'expected 43 letters and digits'

export const callbackOptionsSchema = fields({
  url: z.url({ protocol: /^https?$/i, error: urlRule }),
  token: filledText,
  encodingAesKey: z
    .string(keyRule)
    .regex(/^[A-Za-z0-9]{43}$/, keyRule)
    .optional(),
  mode: z.enum(callbackModes, `expected one of ${callbackModes.join(', ')}`).optional(),
  receiptDelayMs: wholeNumber(0).optional(),
  timeoutMs: wholeNumber(1).optional(),
  retryDelayMs: wholeNumber(0).optional(),
  pauseAfter: wholeNumber(1).optional(),
  pauseMs: wholeNumber(0).optional(),
  concurrency: wholeNumber(1).optional(),
}).check(({ value, issues }) => {
  const { mode = 'plain', encodingAesKey } = value
  if (mode === 'plain' || encodingAesKey !== undefined) return
  issues.push({
    code: 'custom',
    path: ['encodingAesKey'],
    message: `mode ${mode} needs one`,
    input: encodingAesKey,
  })
}) satisfies z.ZodType<CallbackOptions>

export function toCallbackSettings({
  url,
  token,
  encodingAesKey = '',
  mode = encodingAesKey === '' ? 'plain' : 'safe',
  receiptDelayMs = 200,
  timeoutMs = 5_000,
  retryDelayMs = 1_000,
  pauseAfter = 5,
  pauseMs = 60_000,
  concurrency = 100,
}: CallbackOptions) {
  const pace = { receiptDelayMs, timeoutMs, retryDelayMs, pauseAfter, pauseMs, concurrency }
  return { url, token, encodingAesKey, mode, ...pace }
}

/** Undefined when `value` is CallbackOptions, else what is wrong with it. */
export function findCallbackProblem(value: unknown): string | undefined {
  return findProblem(callbackOptionsSchema, value)
}

import { findStranger, isCount } from '../control/script.ts'
import { isRecord } from '../platform/answers.ts'
import { type CallbackOptions, callbackModes } from './options.ts'

export type CallbackSettings = ReturnType<typeof toCallbackSettings>

/** The least that each number may be. */
const numbers = {
  receiptDelayMs: 0,
  timeoutMs: 1,
  retryDelayMs: 0,
  pauseAfter: 1,
  pauseMs: 0,
  concurrency: 1,
} as const satisfies Partial<Record<keyof CallbackOptions, number>>

/** Every option with its value; without a key `encodingAesKey` is empty. */
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
  if (!isRecord(value)) return 'expected a JSON object'
  const stranger = findStranger(value, ['url', 'token', 'encodingAesKey', 'mode', ...Object.keys(numbers)])
  if (stranger !== undefined) return stranger
  const { url, token, encodingAesKey, mode } = value
  if (typeof url !== 'string' || !/^https?:/i.test(url) || !URL.canParse(url)) {
    return 'url: expected an http or https URL'
  }
  if (typeof token !== 'string' || token === '') return 'token: expected a text'
  if (encodingAesKey !== undefined && !/^[A-Za-z0-9]{43}$/.test(String(encodingAesKey))) {
    return 'encodingAesKey: expected 43 letters and digits'
  }
  if (mode !== undefined && !callbackModes.some((name) => name === mode)) {
    return `mode: expected one of ${callbackModes.join(', ')}`
  }
  if (mode !== undefined && mode !== 'plain' && encodingAesKey === undefined) {
    return `encodingAesKey: mode ${mode} needs one`
  }
  const bad = Object.entries(numbers).find(
    ([name, least]) => value[name] !== undefined && !isCount(value[name], least),
  )
  return bad && `${bad[0]}: expected a whole number from ${bad[1]}`
}

export function isCallbackOptions(value: unknown): value is CallbackOptions {
  return findCallbackProblem(value) === undefined
}

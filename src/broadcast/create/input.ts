import * as z from 'zod'
import { parseWindow } from '../../base/dayWindow.ts'
import { keptText, keptTextRule } from '../../base/keptText.ts'
import type { Language } from '../../base/sentences/language.ts'
import { findRule, rule } from '../../base/sentences/rule.ts'
import { type Sentence, say, verbatim } from '../../base/sentences/sentence.ts'
import { InvalidPushError, type PushFault, toGiven } from '../../push/invalidPush.ts'
import { checkMessage, type Time } from '../../push/message.ts'
import { findColumns, hasColumns } from '../message.ts'
import type { MessageTemplate } from '../messageTemplate.ts'
import { parseShare } from '../share.ts'
import type { GivenRows } from './rows.ts'
import type { OnSkipped } from './skipped.ts'

/** Whom: all followers, some of them, or those whom a file or an iterable names. */
export type AudienceInput =
  | { all: true }
  | { tag?: number | undefined; scene?: string | undefined; since?: Time | undefined }
  | { file: string }
  | { rows: GivenRows }

/** What `create` takes. */
export interface BroadcastInput {
  /** Name or AppID of the service account; needed only where there are several. */
  account?: string | undefined
  templateId: string
  /** Keywords and texts, with `{{column}}` for what a row of the audience fills in. */
  data: Record<string, string | { value: string }>
  url?: string | undefined
  miniprogram?: { appid: string; pagepath?: string | undefined } | undefined
  audience: AudienceInput
  name?: string | undefined
  /** Not before. */
  startAt?: Time | undefined
  /** Who was not sent to by then is skipped. */
  expiresAt?: Time | undefined
  /** Sends per second over all processes. */
  rate?: number | undefined
  /** `09:00-21:00`, in `TIMEZONE`. */
  window?: string | undefined
  /** `1%` or a number: so many first, the rest when their receipts say delivered. */
  canary?: string | number | undefined
  /** Share of failures, `20%` or 0.2, above which it pauses; that is the default. */
  maxFailures?: string | number | undefined
  /** Id of a broadcast: who got that one is left out. */
  except?: string | undefined
  /** Only tell what would happen. */
  dryRun?: boolean | undefined
  /**
   * Called for each row of a file or iterable that gets no message as far as is known, and for followers whom `except`
   * leaves out; also with `dryRun`.
   */
  onSkipped?: OnSkipped | undefined
}

/** The same when all of it is in order; times are epoch milliseconds. */
export interface CheckedInput {
  /** What rows lack is said in it. */
  language: Language
  templateId: string
  template: MessageTemplate
  /** Columns that the message names. */
  needed: string[]
  audience:
    | { all: true }
    | { tag?: number; scene?: string; since?: number }
    | { file: string }
    | { rows: GivenRows }
  name: string | null
  startAt: number | null
  expiresAt: number | null
  rate: number | null
  window: string | null
  canary: string | null
  maxFailures: number
  except: string | undefined
  onSkipped: OnSkipped | undefined
}

const defaultMaxFailures = 0.2

const hours = say('expected.hours', { example: '09:00-21:00' })

const shape = z.strictObject(
  {
    templateId: z.string(rule(say('broadcast.template'))),
    data: z.unknown().optional(),
    url: z.string(rule(say('broadcast.link'))).optional(),
    miniprogram: z.unknown().optional(),
    audience: z.record(z.string(), z.unknown(), '{all: true}, {tag, scene, since}, {file} or {rows}'),
    name: z
      .string(rule(say('broadcast.name')))
      .max(100, rule(say('keyword.characters', { most: '100' })))
      .regex(keptText, keptTextRule)
      .optional(),
    startAt: z.unknown().optional(),
    expiresAt: z.unknown().optional(),
    rate: z
      .number(rule(say('broadcast.rate')))
      .positive(rule(say('broadcast.positive')))
      .optional(),
    window: z.string(rule(hours)).optional(),
    canary: z.union([z.string(), z.number()], rule(say('broadcast.canary'))).optional(),
    maxFailures: z.union([z.string(), z.number()], rule(say('broadcast.share'))).optional(),
    except: z.string(rule(say('broadcast.other'))).optional(),
    dryRun: z.boolean(rule(say('push.boolean'))).optional(),
    onSkipped: z
      .custom<OnSkipped>((value) => typeof value === 'function', rule(say('broadcast.function')))
      .optional(),
  },
  '{templateId, data, audience}',
)

/** Rejects bad input before anything is written. @throws InvalidPushError */
export function checkInput(given: unknown, language: Language): CheckedInput {
  const result = shape.safeParse(given, { reportInput: true })
  if (!result.success) throw new InvalidPushError(result.error.issues.map(toProblem))
  const input = result.data
  const problems: PushFault[] = []
  const add = (field: string, expected: Sentence, value: unknown) =>
    problems.push({ field, rule: expected, given: toGiven(value) })
  const template = checkTemplate(input, problems)
  const audience = checkAudience(input.audience, add)
  if (input.window !== undefined && !parseWindow(input.window)) add('window', hours, input.window)
  const canary = input.canary === undefined ? null : String(input.canary)
  if (canary !== null && !parseShare(canary)) add('canary', say('broadcast.canary'), canary)
  const maxFailures = toShare(input.maxFailures)
  if (maxFailures === undefined) add('maxFailures', say('broadcast.shareOrNumber'), input.maxFailures)
  const needed = findColumns(template.message)
  if (needed.length > 0 && !('file' in audience || 'rows' in audience)) {
    add('data', say('broadcast.columnsNeeded', { columns: needed.join(', ') }), input.audience)
  }
  if (problems.length > 0) throw new InvalidPushError(problems)
  return {
    language,
    ...{ templateId: input.templateId, template: template.message, needed, audience, canary },
    name: input.name ?? null,
    startAt: template.sendAt ?? null,
    expiresAt: template.expiresAt ?? null,
    rate: input.rate ?? null,
    window: input.window ?? null,
    maxFailures: maxFailures ?? defaultMaxFailures,
    except: input.except,
    onSkipped: input.onSkipped,
  }
}

/** By the rules of single pushes; texts with placeholders are checked when they are filled in. */
function checkTemplate(input: z.output<typeof shape>, problems: PushFault[]) {
  const { templateId, url, miniprogram, startAt, expiresAt } = input
  const data = toTexts(input.data)
  const fixed = Object.entries(data).filter(([, text]) => typeof text !== 'string' || !hasColumns(text))
  const checked = checkMessage({
    openid: 'o',
    templateId,
    data: typeof input.data === 'object' && input.data !== null ? Object.fromEntries(fixed) : input.data,
    url: url?.replace(/^\{\{[^{}]*\}\}/, 'https://x').replaceAll(/\{\{[^{}]*\}\}/g, 'x'),
    miniprogram,
    sendAt: startAt,
    expiresAt,
  })
  const message: MessageTemplate = { data: {} }
  if ('problems' in checked) {
    problems.push(...checked.problems.map(toOwnNames))
    return { message, sendAt: undefined, expiresAt: undefined }
  }
  message.data = { ...data, ...checked.message.data }
  if (url !== undefined) message.url = url
  if (checked.message.miniprogram !== undefined) message.miniprogram = checked.message.miniprogram
  if (checked.message.expiresAt !== undefined && checked.message.expiresAt <= Date.now()) {
    problems.push({ field: 'expiresAt', rule: say('broadcast.timeToCome'), given: toGiven(expiresAt) })
  }
  return { message, sendAt: checked.message.sendAt, expiresAt: checked.message.expiresAt }
}

/** What a push calls sendAt is startAt here. */
function toOwnNames(fault: PushFault): PushFault {
  const field = fault.field === 'sendAt' ? 'startAt' : fault.field
  if (typeof fault.rule === 'string' || fault.rule.key !== 'push.afterSendAt') return { ...fault, field }
  return { ...fault, field, rule: say('push.afterSendAt', { field: 'startAt' }) }
}

function toTexts(data: unknown): Record<string, string> {
  if (typeof data !== 'object' || data === null) return {}
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Object(value).value ?? value]))
}

function checkAudience(
  given: Record<string, unknown>,
  add: (field: string, expected: Sentence, value: unknown) => void,
): CheckedInput['audience'] {
  const forms = { all: '{all: true}', some: '{tag, scene, since}', file: '{file}', rows: '{rows}' }
  const { all, tag, scene, since, file, rows, ...unknown } = given
  const kinds = [
    all !== undefined,
    tag !== undefined || scene !== undefined || since !== undefined,
    file !== undefined,
    rows !== undefined,
  ]
  if (Object.keys(unknown).length > 0 || kinds.filter(Boolean).length !== 1)
    add('audience', say('broadcast.oneOf', forms), Object.keys(given).join(', '))
  if (file !== undefined) {
    if (typeof file === 'string') return { file }
    add('audience.file', say('broadcast.path'), file)
  }
  if (rows !== undefined) {
    if (isIterable(rows)) return { rows }
    add('audience.rows', say('broadcast.iterable'), rows)
  }
  if (all !== undefined && all !== true) add('audience.all', verbatim('true'), all)
  const some: { tag?: number; scene?: string; since?: number } = {}
  if (typeof tag === 'number' && Number.isInteger(tag)) some.tag = tag
  else if (tag !== undefined) add('audience.tag', say('broadcast.tag'), tag)
  if (typeof scene === 'string') some.scene = scene
  else if (scene !== undefined) add('audience.scene', say('broadcast.scene'), scene)
  if (since !== undefined) {
    const at =
      since instanceof Date ? since.getTime() : typeof since === 'number' ? since : Date.parse(String(since))
    if (Number.isFinite(at)) some.since = at
    else add('audience.since', say('broadcast.time'), since)
  }
  return all === true ? { all } : some
}

function isIterable(value: unknown): value is GivenRows {
  return Symbol.iterator in Object(value) || Symbol.asyncIterator in Object(value)
}

function toShare(given: string | number | undefined): number | undefined {
  if (given === undefined) return defaultMaxFailures
  const [, figure, sign] = /^(\d{1,3}(?:\.\d+)?)(%?)$/.exec(String(given)) ?? []
  const share = sign === '%' ? Number(figure) / 100 : Number(figure)
  return figure !== undefined && share <= 1 ? share : undefined
}

function toProblem(issue: z.core.$ZodIssue): PushFault {
  const field = issue.path.map(String).join('.') || 'broadcast'
  if (issue.code === 'unrecognized_keys') {
    return {
      field: [field, ...issue.keys].at(-1) ?? field,
      rule: say('push.noField'),
      given: say('given.it'),
    }
  }
  return { field, rule: findRule(issue.message), given: toGiven(issue.input) }
}

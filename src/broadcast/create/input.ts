import * as z from 'zod'
import { parseWindow } from '../../base/dayWindow.ts'
import { InvalidPushError, type PushProblem, toGiven } from '../../push/invalidPush.ts'
import { checkMessage, type Time } from '../../push/message.ts'
import { findColumns } from '../message.ts'
import type { MessageTemplate } from '../messageTemplate.ts'
import { parseShare } from '../share.ts'
import type { GivenRows } from './rows.ts'

/** Whom: all followers, some of them, or those whom a file or an iterable names. */
export type AudienceInput =
  | { all: true }
  | { tag?: number | undefined; scene?: string | undefined; since?: Time | undefined }
  | { file: string }
  | { rows: GivenRows }

/** What `create` takes. */
export interface BroadcastInput {
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
}

/** The same when all of it is in order; times are epoch milliseconds. */
export interface CheckedInput {
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
}

const defaultMaxFailures = 0.2

const shape = z.strictObject({
  templateId: z.string('the id of a template'),
  data: z.unknown(),
  url: z.string('a link').optional(),
  miniprogram: z.unknown().optional(),
  audience: z.record(z.string(), z.unknown(), '{all: true}, {tag, scene, since}, {file} or {rows}'),
  name: z.string('a text of at most 100 characters').max(100, 'at most 100 characters').optional(),
  startAt: z.unknown().optional(),
  expiresAt: z.unknown().optional(),
  rate: z.number('sends per second').positive('more than 0').optional(),
  window: z.string('hours such as 09:00-21:00').optional(),
  canary: z.union([z.string(), z.number()], 'a share such as 1% or a number').optional(),
  maxFailures: z.union([z.string(), z.number()], 'a share such as 20%').optional(),
  except: z.string('the id of a broadcast').optional(),
  dryRun: z.boolean('true or false').optional(),
})

/** Rejects bad input before anything is written. @throws InvalidPushError */
export function checkInput(given: unknown): CheckedInput {
  const result = shape.safeParse(given, { reportInput: true })
  if (!result.success) throw new InvalidPushError(result.error.issues.map(toProblem))
  const input = result.data
  const problems: PushProblem[] = []
  const add = (field: string, rule: string, value: unknown) =>
    problems.push({ field, rule, given: toGiven(value) })
  const template = checkTemplate(input, problems)
  const audience = checkAudience(input.audience, add)
  if (input.window !== undefined && !parseWindow(input.window))
    add('window', 'hours such as 09:00-21:00', input.window)
  const canary = input.canary === undefined ? null : String(input.canary)
  if (canary !== null && !parseShare(canary)) add('canary', 'a share such as 1% or a number', canary)
  const maxFailures = toShare(input.maxFailures)
  if (maxFailures === undefined) add('maxFailures', 'a share such as 20% or 0.2', input.maxFailures)
  const needed = findColumns(template.message)
  if (needed.length > 0 && !('file' in audience || 'rows' in audience)) {
    add(
      'data',
      `an audience with the columns that it names (${needed.join(', ')}): a file or rows`,
      input.audience,
    )
  }
  if (problems.length > 0) throw new InvalidPushError(problems)
  return {
    ...{ templateId: input.templateId, template: template.message, needed, audience, canary },
    name: input.name ?? null,
    startAt: template.sendAt ?? null,
    expiresAt: template.expiresAt ?? null,
    rate: input.rate ?? null,
    window: input.window ?? null,
    maxFailures: maxFailures ?? defaultMaxFailures,
    except: input.except,
  }
}

/** By the rules of single pushes; texts with placeholders are checked when they are filled in. */
function checkTemplate(input: z.output<typeof shape>, problems: PushProblem[]) {
  const { templateId, url, miniprogram, startAt, expiresAt } = input
  const data = toTexts(input.data)
  const fixed = Object.entries(data).filter(([, text]) => typeof text !== 'string' || !text.includes('{{'))
  const checked = checkMessage({
    openid: 'o',
    templateId,
    data: typeof input.data === 'object' && input.data !== null ? Object.fromEntries(fixed) : input.data,
    url: url?.replaceAll(/\{\{[^{}]*\}\}/g, 'x'),
    miniprogram,
    sendAt: startAt,
    expiresAt,
  })
  const message: MessageTemplate = { data: {} }
  if ('problems' in checked) {
    const renamed = { sendAt: 'startAt' } as Record<string, string>
    problems.push(
      ...checked.problems.map((problem) => ({ ...problem, field: renamed[problem.field] ?? problem.field })),
    )
    return { message, sendAt: undefined, expiresAt: undefined }
  }
  message.data = { ...data, ...checked.message.data }
  if (url !== undefined) message.url = url
  if (checked.message.miniprogram !== undefined) message.miniprogram = checked.message.miniprogram
  if (checked.message.expiresAt !== undefined && checked.message.expiresAt <= Date.now()) {
    problems.push({ field: 'expiresAt', rule: 'a time to come', given: toGiven(expiresAt) })
  }
  return { message, sendAt: checked.message.sendAt, expiresAt: checked.message.expiresAt }
}

function toTexts(data: unknown): Record<string, string> {
  if (typeof data !== 'object' || data === null) return {}
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Object(value).value ?? value]))
}

function checkAudience(
  given: Record<string, unknown>,
  add: (field: string, rule: string, value: unknown) => void,
): CheckedInput['audience'] {
  const rule = 'one of {all: true}, {tag, scene, since}, {file} and {rows}'
  const { all, tag, scene, since, file, rows, ...unknown } = given
  const kinds = [
    all !== undefined,
    tag !== undefined || scene !== undefined || since !== undefined,
    file !== undefined,
    rows !== undefined,
  ]
  if (Object.keys(unknown).length > 0 || kinds.filter(Boolean).length !== 1)
    add('audience', rule, Object.keys(given).join(', '))
  if (file !== undefined) {
    if (typeof file === 'string') return { file }
    add('audience.file', 'the path of a file', file)
  }
  if (rows !== undefined) {
    if (isIterable(rows)) return { rows }
    add('audience.rows', 'an iterable of objects', rows)
  }
  if (all !== undefined && all !== true) add('audience.all', 'true', all)
  const some: { tag?: number; scene?: string; since?: number } = {}
  if (typeof tag === 'number' && Number.isInteger(tag)) some.tag = tag
  else if (tag !== undefined) add('audience.tag', 'the number of a tag', tag)
  if (typeof scene === 'string') some.scene = scene
  else if (scene !== undefined) add('audience.scene', 'a scene such as ADD_SCENE_QR_CODE', scene)
  if (since !== undefined) {
    const at =
      since instanceof Date ? since.getTime() : typeof since === 'number' ? since : Date.parse(String(since))
    if (Number.isFinite(at)) some.since = at
    else add('audience.since', 'a time', since)
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

function toProblem(issue: z.core.$ZodIssue): PushProblem {
  const field = issue.path.map(String).join('.') || 'broadcast'
  if (issue.code === 'unrecognized_keys') {
    return { field: [field, ...issue.keys].at(-1) ?? field, rule: 'no such field', given: 'it' }
  }
  return { field, rule: issue.message, given: toGiven(issue.input) }
}

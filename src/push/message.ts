import * as z from 'zod'
import { day } from '../base/duration.ts'
import { isObject } from '../base/isObject.ts'
import { findRule, rule } from '../base/sentences/rule.ts'
import { type Sentence, say, verbatim } from '../base/sentences/sentence.ts'
import { toIso } from '../base/time.ts'
import { type PushFault, toGiven } from './invalidPush.ts'
import { findBrokenRule, toCleanText } from './keyword.ts'

/** ISO 8601 with an offset, epoch milliseconds, or a Date. */
export type Time = string | number | Date

/** An entry of a list of accounts that says more than which: template ids belong to one account. */
export interface AccountChoice {
  /** Name or AppID. */
  account: string
  /** What is left out comes from the push. */
  templateId?: string | undefined
  data?: PushMessage['data'] | undefined
  url?: string | undefined
  miniprogram?: PushMessage['miniprogram']
}

/** What `push` takes: one template message to one user, who is named in one of three ways. */
export interface PushMessage {
  unionid?: string | undefined
  /** Of the service account. */
  openid?: string | undefined
  /** The token of a mini-program session, as its login gave it; only its hash is kept. */
  session?: string | undefined
  /**
   * The service account, by name or AppID; needed only where there are several. Of a list, in order of preference, the
   * push goes to the first one that the user follows.
   */
  account?: string | readonly (string | AccountChoice)[] | undefined
  templateId: string
  /** The keywords of the template, such as `thing1`, and their texts. */
  data: Record<string, string | { value: string }>
  /** Page that the message opens; with both, the mini-program wins. */
  url?: string | undefined
  miniprogram?: { appid: string; pagepath?: string | undefined } | undefined
  /** Idempotency key, 1 to 128 printable characters: the same id is one push. Default: a random one. */
  id?: string | undefined
  /** Not sent before this time. */
  sendAt?: Time | undefined
  /** Not sent after this time; with `hold` required and at most 30 days ahead. */
  expiresAt?: Time | undefined
  /** BullMQ's: 1 goes first, 2097151 last, messages without a priority before all of them. */
  priority?: number | undefined
  /** Wait for a user who does not follow to do so, until `expiresAt`. */
  hold?: boolean | undefined
  /** Sent in quiet hours too (`QUIET_HOURS`). */
  urgent?: boolean | undefined
}

const idRule = rule(say('push.id'))
const identifier = z.string(idRule).regex(/^[\w-]{1,128}$/, idRule)

const sessionRule = rule(say('push.session'))
const sessionToken = z.string(sessionRule).regex(/^[\w-]{43}$/, sessionRule)

const pushIdRule = rule(say('push.ownId'))
const pushId = z.string(pushIdRule).regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,128}$/u, pushIdRule)

const urlRule = rule(say('push.url'))
const link = z.string(urlRule).regex(/^https?:\/\/[^\s\p{Cc}\p{Cs}]{1,2040}$/u, urlRule)

const pageRule = rule(say('push.page'))
const page = z.string(pageRule).regex(/^[^\p{Cc}\p{Cs}]{1,1024}$/u, pageRule)

const timeRule = rule(say('push.time'))
const booleanRule = rule(say('push.boolean'))
const mostPriority = 2_097_151
const priority = z
  .int(rule(say('push.integer')))
  .min(0, rule(say('push.atLeast', { least: '0' })))
  .max(mostPriority, rule(say('push.atMost', { most: String(mostPriority) })))
const longestHold = 30 * day
const isoTime = z.iso.datetime({ offset: true })
const time = z.unknown().transform((value, context) => {
  const at = toMilliseconds(value)
  if (at === undefined) context.issues.push({ code: 'custom', message: timeRule, input: value })
  return at
})

const shape = z.strictObject(
  {
    unionid: identifier.optional(),
    openid: identifier.optional(),
    session: sessionToken.optional(),
    /** Judged by who knows the accounts. */
    account: z.unknown().optional(),
    templateId: identifier,
    data: z.unknown().optional(),
    url: link.optional(),
    miniprogram: z
      .strictObject({ appid: identifier, pagepath: page.optional() }, '{appid, pagepath}')
      .optional(),
    id: pushId.optional(),
    sendAt: time.optional(),
    expiresAt: time.optional(),
    priority: priority.optional(),
    hold: z.boolean(booleanRule).optional(),
    urgent: z.boolean(booleanRule).optional(),
  },
  rule(say('push.aMessage')),
)

/** A message that passed all checks that can be made here; times are epoch milliseconds. */
export interface ValidMessage extends Omit<PushMessage, 'account' | 'data' | 'sendAt' | 'expiresAt'> {
  data: Record<string, string>
  sendAt?: number | undefined
  expiresAt?: number | undefined
}

/** Checks what can be checked without WeChat, so that a message it would surely refuse is not queued. */
export function checkMessage(given: unknown): { message: ValidMessage } | { problems: PushFault[] } {
  const result = shape.safeParse(given)
  const problems = result.success ? [] : findFaults(given)
  const data: Record<string, string> = {}
  if (isObject(given)) {
    checkRecipient(given, problems)
    checkData(given.data, data, problems)
  }
  if (result.success) checkTimes(result.data, problems)
  // The schema's output is a new object, so it can take the texts; a spread would cost more than the rest of the line.
  return result.success && problems.length === 0
    ? { message: Object.assign(result.data, { data }) }
    : { problems }
}

/** Parses once more to see what was given where: asking for that at once would double the cost of good messages. */
function findFaults(given: unknown): PushFault[] {
  return shape.safeParse(given, { reportInput: true }).error?.issues.flatMap(toProblems) ?? []
}

function toProblems(issue: z.core.$ZodIssue): PushFault[] {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      field: [...path, key].join('.'),
      rule: say('push.noField'),
      given: toGiven(Reflect.get(Object(issue.input), key)),
    }))
  }
  const field = path.join('.') || 'message'
  // A session opens an account, and an error ends up in a log.
  const given = field === 'session' ? say('given.otherText') : toGiven(issue.input)
  return [{ field, rule: findRule(issue.message), given }]
}

function checkRecipient({ unionid, openid, session }: Record<string, unknown>, problems: PushFault[]): void {
  const count = Number(unionid !== undefined) + Number(openid !== undefined) + Number(session !== undefined)
  if (count === 1) return
  const given = Object.entries({ unionid, openid, session }).filter(([, value]) => value !== undefined)
  const names = given.map(([name]) => verbatim(name))
  const all =
    names.length === 0
      ? say('given.none')
      : names.reduce((first, second) => say('given.and', { first, second }))
  problems.push({ field: 'unionid', rule: say('push.recipient'), given: all })
}

const textRule = rule(say('push.text', { form: '{value: string}' }))

/** By hand, because as a part of the schema it would cost twice as much. */
function checkData(given: unknown, texts: Record<string, string>, problems: PushFault[]): void {
  if (!isObject(given)) {
    const expected = say('push.data', { form: '{thing1: "..."}' })
    problems.push({ field: 'data', rule: expected, given: toGiven(given) })
    return
  }
  for (const key of Object.keys(given)) {
    const value = given[key]
    const text = isObject(value) ? value.value : value
    const clean = typeof text === 'string' ? toCleanText(key, text) : undefined
    const broken = clean === undefined ? textRule : findBrokenRule(key, clean)
    if (clean !== undefined && broken === undefined) texts[key] = clean
    else problems.push({ field: `data.${key}`, rule: findRule(broken ?? ''), given: toGiven(text ?? value) })
  }
}

function checkTimes({ sendAt, expiresAt, hold }: z.output<typeof shape>, problems: PushFault[]): void {
  if (hold && expiresAt === undefined) problems.push(toHoldProblem(say('given.nothing')))
  else if (sendAt !== undefined && expiresAt !== undefined && expiresAt <= sendAt) {
    const expected = say('push.afterSendAt', { field: 'sendAt' })
    problems.push({ field: 'expiresAt', rule: expected, given: toIso(expiresAt) })
  }
}

/** The one rule that needs to know what time it is where the queue is; `now` is epoch milliseconds. */
export function findLateExpiry({ hold, expiresAt = 0 }: ValidMessage, now: number): PushFault | undefined {
  return hold && expiresAt > now + longestHold ? toHoldProblem(toIso(expiresAt)) : undefined
}

function toHoldProblem(given: Sentence | string): PushFault {
  return { field: 'expiresAt', rule: say('push.holdExpiry'), given }
}

function toMilliseconds(value: unknown): number | undefined {
  if (value instanceof Date) return toMilliseconds(value.getTime())
  // Seconds by mistake would be a day in 1970, and the push would go out at once.
  if (typeof value === 'number') return Number.isInteger(value) && value >= 1e12 ? value : undefined
  if (typeof value !== 'string') return undefined
  if (/^\d{13}$/.test(value)) return Number(value)
  return isoTime.safeParse(value).success ? Date.parse(value) : undefined
}

import { type Backoff, toBackoff } from '../../base/backoff.ts'
import { minute, second } from '../../base/duration.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { toStored } from '../../base/sentences/stored.ts'
import type { Concern } from '../../health/evidence.ts'
import type { PaceSignal } from '../../health/rateMath.ts'
import type { CallResult } from '../../health/recentCalls.ts'
import { type ErrcodeReason, isReasonOf, type PauseReason, type PushReason } from '../../push/status.ts'
import {
  errcode,
  explainInFull,
  findOnePushMeaning,
  isTokenEndpoint,
  mayConcernOnePush,
  reasonOf,
} from '../../wechat/errcode.ts'
import { WechatApiError, type WechatNetworkError } from '../../wechat/errors.ts'
import type { Accepted } from './recordAccepted.ts'

/** What is known about a push whose try has just failed. */
export interface Attempt {
  /** Tries that count against the limit, this one included. */
  attempts: number
  maxAttempts: number
  /** How often the queue has handed the push out; tries that do not count are in here. */
  starts: number
  /** An earlier try may have been accepted. */
  isUnclear: boolean
  /** What the try before was refused with. */
  lastErrcode: number | null
  /** WeChat itself told us of the template or follower that it now denies. */
  isBelieved: boolean
  /** Nothing can be sent with the template any more, or not now. */
  hasLostTemplate: boolean
  /** What others get says that the platform works, so a fault of it is this push's own. */
  othersPass: boolean
  /** Whom a refusal that may concern one push alone speaks for. */
  concerns: Concern
  /** The account is paused, and this push was to try whether it still is to be. */
  isTrial: boolean
  opensMiniprogram: boolean
}

/** What is done about a failed try. */
export type SendOutcome =
  | Retry
  /** WeChat has the message, whatever else it says. */
  | { kind: 'sent'; detail: Sentence; accepted: Accepted }
  | { kind: 'pause'; reason: PauseReason; detail: Sentence; counts: boolean }
  /** Only what is sent with this template. */
  | { kind: 'pause_template'; reason: PauseReason; detail: Sentence }
  | { kind: 'final'; status: 'rejected'; reason: PushReason<'rejected'>; detail: Sentence; hasLeft: boolean }
  | { kind: 'final'; status: 'unknown'; reason: PushReason<'unknown'>; detail: Sentence; hasLeft: boolean }

interface Retry {
  kind: 'retry'
  delay: number
  /** Against the limit of tries. */
  counts: boolean
  /** The try may have been accepted all the same. */
  isUnclear: boolean
  /** What it says about more than this push: the account is too fast, WeChat is busy (perhaps with this account), or gives no usable answer. */
  signal?: PaceSignal | 'out_of_reach'
  detail: Sentence
}

/** Between the tries of one push. */
export const pushBackoff: Backoff = { first: second, longest: minute, jitter: 0.5 }
/** A code nobody documents may stand for a passing fault, so it is worth a few tries. */
const undocumentedAttempts = 3
/** WeChat sometimes denies a template or a follower it has, and knows it again later. */
const secondLook = 30 * second
/** What is wrong with the message itself is wrong in every try; a mini-program may be unbound between two. */
const lastingReasons: readonly ErrcodeReason[] = [
  'data_invalid',
  'url_invalid',
  'content_forbidden',
  'request_invalid',
]
const leftCodes: readonly number[] = [errcode.notFollowing, errcode.noLongerFollowing]

/** The one table from a failed try to what is done about it. `random` is from 0 to 1. */
export function decide(
  error: WechatApiError | WechatNetworkError,
  attempt: Attempt,
  random: number,
): SendOutcome {
  return error instanceof WechatApiError
    ? decideRefusal(error, attempt, random)
    : decideNoAnswer(error, attempt, random)
}

/** What a try that was not accepted says about WeChat. */
export function toCallResult(error: WechatApiError | WechatNetworkError): CallResult {
  if (!(error instanceof WechatApiError)) return 'failed'
  return error.class === 'B' && !isPace(error) ? 'busy' : 'passed'
}

function decideRefusal(error: WechatApiError, attempt: Attempt, random: number): SendOutcome {
  const reason = reasonOf(error)
  const detail = explainInFull(error)
  // Without a token nothing was said about the push.
  const isAboutPush = !isTokenEndpoint(error.path)
  // WeChat has taken it: sending it again would make a second message.
  if (isAboutPush && isReasonOf('sent', reason)) {
    const { msgid } = error
    return msgid === undefined
      ? { kind: 'sent', detail, accepted: { msgid: null, reason, detail: toStored(detail) } }
      : { kind: 'sent', detail, accepted: { msgid, reason: null, detail: null } }
  }
  switch (error.class) {
    case 'T':
      return {
        kind: 'retry',
        delay: toBackoff(pushBackoff, attempt.starts, random),
        counts: false,
        isUnclear: false,
        detail,
      }
    case 'B': {
      if (error.errcode === errcode.repeatedTooSoon) return waitForRepetition(detail, random)
      const tooFast = isPace(error)
      const counts = isAboutPush && !tooFast && attempt.othersPass
      const delay =
        error.errcode === errcode.minuteQuota
          ? minute + 5 * second * random
          : toBackoff(pushBackoff, counts ? attempt.attempts : attempt.starts, random)
      return giveUpWhenExhausted(
        { kind: 'retry', delay, counts, isUnclear: false, signal: tooFast ? 'too_fast' : 'busy', detail },
        attempt,
      )
    }
    case 'Q':
    case 'A':
      return mayConcernOnePush(error)
        ? decideConcern(error, attempt, random)
        : { kind: 'pause', reason, detail, counts: false }
    case 'R':
    case 'C':
    case 'L':
    case 'O':
      if (!isAboutPush) return { kind: 'pause', reason, detail, counts: false }
      // A try that may have been accepted is not repeated when WeChat would take it for a new message.
      if (attempt.hasLostTemplate && !attempt.isUnclear) return { kind: 'pause_template', reason, detail }
      if (deservesSecondLook(error, attempt)) {
        return { kind: 'retry', delay: secondLook * (1 + random / 2), counts: true, isUnclear: false, detail }
      }
      if (error.errcode === errcode.sentMomentAgo && isFirst(error, attempt)) {
        return { kind: 'retry', delay: minute + 5 * second * random, counts: true, isUnclear: false, detail }
      }
      if (
        reason === 'wechat_error' &&
        attempt.attempts < Math.min(undocumentedAttempts, attempt.maxAttempts)
      ) {
        return {
          kind: 'retry',
          delay: toBackoff(pushBackoff, attempt.attempts, random),
          counts: true,
          isUnclear: false,
          detail,
        }
      }
      return decideForGood(error, attempt, leftCodes.includes(error.errcode))
    default:
      return assertNever(error.class)
  }
}

/** A refusal of the account that may be about this push alone: who got what besides decides. */
function decideConcern(error: WechatApiError, attempt: Attempt, random: number): SendOutcome {
  const { concerns, isTrial, isUnclear, attempts, maxAttempts } = attempt
  const own = findOnePushMeaning(error, attempt.opensMiniprogram)
  const detail = explainInFull(error)
  if (own && (concerns === 'push' || (isTrial && attempts >= maxAttempts))) {
    return toFinal(own.reason, own.detail, isUnclear)
  }
  if (concerns === 'account') {
    return { kind: 'pause', reason: reasonOf(error), detail, counts: isTrial && own !== undefined }
  }
  const counts = concerns === 'push' || own !== undefined
  const delay = toBackoff(pushBackoff, counts ? attempts : attempt.starts, random)
  return giveUpWhenExhausted({ kind: 'retry', delay, counts, isUnclear: false, detail }, attempt)
}

/** It speaks of this message alone, and of an earlier try that WeChat has seen. */
function waitForRepetition(detail: Sentence, random: number): Retry {
  return { kind: 'retry', delay: minute + 5 * second * random, counts: false, isUnclear: true, detail }
}

function decideNoAnswer(error: WechatNetworkError, attempt: Attempt, random: number): SendOutcome {
  const detail = say('outcome.no_answer', { why: error.detail })
  if (!error.maybeReceived || isTokenEndpoint(error.path)) {
    const delay = toBackoff(pushBackoff, attempt.starts, random)
    return { kind: 'retry', delay, counts: false, isUnclear: false, signal: 'out_of_reach', detail }
  }
  const counts = attempt.othersPass
  const delay = toBackoff(pushBackoff, counts ? attempt.attempts : attempt.starts, random)
  return giveUpWhenExhausted(
    { kind: 'retry', delay, counts, isUnclear: true, signal: 'out_of_reach', detail },
    attempt,
  )
}

/** A push that may have been accepted is not called rejected: its user may have it. */
function giveUpWhenExhausted(retry: Retry, { attempts, maxAttempts, isUnclear }: Attempt): SendOutcome {
  if (!retry.counts || attempts < maxAttempts) return retry
  const why = retry.detail
  const tries = attempts === 1 ? say('outcome.only_try', { why }) : say('outcome.last_try', { attempts, why })
  return isUnclear || retry.isUnclear
    ? {
        kind: 'final',
        status: 'unknown',
        reason: 'ambiguous',
        detail: say('outcome.this_try_may_be', { why: tries }),
        hasLeft: false,
      }
    : { kind: 'final', status: 'rejected', reason: 'retries_exhausted', detail: tries, hasLeft: false }
}

/**
 * The content is the same in every try, so who refuses it now has refused it before. Users leave, templates go, and what
 * a code means that nobody documents may be that the message was sent already: those say nothing against an earlier try.
 */
function decideForGood(error: WechatApiError, { isUnclear }: Attempt, hasLeft: boolean): SendOutcome {
  return toFinal(reasonOf(error), explainInFull(error), isUnclear, hasLeft)
}

function toFinal(reason: ErrcodeReason, detail: Sentence, isUnclear: boolean, hasLeft = false): SendOutcome {
  return isUnclear && !lastingReasons.includes(reason)
    ? {
        kind: 'final',
        status: 'unknown',
        reason: 'ambiguous',
        detail: say('outcome.earlier_try_may_be', { why: detail }),
        hasLeft,
      }
    : {
        kind: 'final',
        status: 'rejected',
        reason: isReasonOf('rejected', reason) ? reason : 'wechat_error',
        detail,
        hasLeft,
      }
}

function deservesSecondLook(error: WechatApiError, attempt: Attempt): boolean {
  return isDenial(error) && attempt.isBelieved && isFirst(error, attempt)
}

/** The try before got something else, and there may be another one. */
function isFirst(error: WechatApiError, { lastErrcode, attempts, maxAttempts }: Attempt): boolean {
  return lastErrcode !== error.errcode && attempts < maxAttempts
}

function isPace(error: WechatApiError): boolean {
  return reasonOf(error) === 'rate_limited'
}

function isDenial({ errcode: code }: WechatApiError): boolean {
  return code === errcode.invalidTemplateId || code === errcode.invalidOpenid
}

function assertNever(value: never): never {
  throw new Error(`Unexpected class ${String(value)}`)
}

import type { FastifyError } from 'fastify'
import { ZodError } from 'zod'
import { asSentence, type Sentence, say, verbatim } from '../../../base/sentences/sentence.ts'
import { DatabaseError } from '../../../db/databaseError.ts'
import { BroadcastError } from '../../../operations/broadcasts/broadcastError.ts'
import { AmbiguousPushError } from '../../../push/ambiguousPush.ts'
import { InvalidPushError, type PushFault } from '../../../push/invalidPush.ts'
import { QueueUnavailableError } from '../../../queue/unavailable.ts'
import { explainInFull } from '../../../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../../../wechat/errors.ts'
import { toIssueSentence } from './issueSentence.ts'
import { type FieldFault, ProblemError } from './problem.ts'

/** Seconds after which it is worth trying again. */
const retryAfterSeconds = 5

/** What a route, or Fastify before it, has thrown, as the answer to it. */
export function toProblemError(error: FastifyError | Error, bodyLimit = 0): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof InvalidPushError) return toBadInput(error.faults.map((fault) => toFieldFault(fault)))
  if (error instanceof ZodError) return toBadInput(error.issues.flatMap(toFieldFaults))
  if (error instanceof QueueUnavailableError) return toAway('http.queue_away', error)
  if (error instanceof DatabaseError) return toAway('http.database_away', error)
  if (error instanceof AmbiguousPushError) {
    return new ProblemError(400, say('http.ambiguous_push', { names: error.accounts.join(', ') }))
  }
  if (error instanceof BroadcastError) return toBroadcastProblem(error)
  if (error instanceof WechatApiError) {
    return new ProblemError(502, say('http.wechat_refuses', { why: explainInFull(error) }), { cause: error })
  }
  if (error instanceof WechatNetworkError) {
    return new ProblemError(502, say('http.wechat_away', { why: error.sentence }), { cause: error })
  }
  return toFrameworkProblem(error, bodyLimit)
}

/** What is wrong with what was sent; the pointers name it. */
export function toBadInput(errors: FieldFault[]): ProblemError {
  const problems = errors
    .slice(0, 5)
    .map(({ pointer, message }) =>
      say('http.problem', { pointer: pointer || say('field.body'), message: asSentence(message) }),
    )
  if (errors.length > problems.length) problems.push(say('http.more'))
  return new ProblemError(400, say('http.bad_input', { problems }), { errors })
}

/** Below `start`, which is a pointer to the message. */
export function toFieldFault({ field, rule, given }: PushFault, start = ''): FieldFault {
  const path = field === 'message' ? [] : field.split('.')
  return { pointer: start + toPointer(path), message: say('push.expected', { rule, given }) }
}

function toFieldFaults(issue: ZodError['issues'][number]): FieldFault[] {
  if (issue.code !== 'unrecognized_keys')
    return [{ pointer: toPointer(issue.path), message: toIssueSentence(issue) }]
  return issue.keys.map((key) => ({
    pointer: toPointer([...issue.path, key]),
    message: say('field.unknown'),
  }))
}

/** RFC 6901. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function toAway(
  key: 'http.queue_away' | 'http.database_away',
  error: QueueUnavailableError | DatabaseError,
): ProblemError {
  return new ProblemError(503, say(key, { why: error.sentence }), { retryAfterSeconds, cause: error })
}

function toBroadcastProblem({ code, sentence }: BroadcastError): ProblemError {
  switch (code) {
    case 'unknown_broadcast':
      return new ProblemError(404, say('http.unknown_broadcast', { id: sentence.facts.id ?? '' }))
    case 'broadcast_over':
      return new ProblemError(409, say('http.broadcast_over', { why: sentence }))
    case 'broadcast_differs':
      return new ProblemError(409, say('http.broadcast_differs', { why: sentence }))
    case 'broadcast_begun':
      return new ProblemError(409, say('http.broadcast_begun', { why: sentence }))
    default:
      return code satisfies never
  }
}

function toFrameworkProblem(error: FastifyError | Error, bodyLimit: number): ProblemError {
  const { statusCode = 500 } = 'statusCode' in error ? error : {}
  if (statusCode >= 500) return new ProblemError(500, say('http.internal'), { cause: error })
  switch (statusCode) {
    case 400:
      return toBadInput([{ pointer: '', message: toFrameworkSentence(error) }])
    case 413:
      return new ProblemError(
        413,
        say('http.too_large', { most: `${Math.round(bodyLimit / 1024 / 1024)} MB` }),
      )
    case 415:
      return new ProblemError(415, say('http.media_type', { expected: 'application/json' }))
    default:
      return new ProblemError(statusCode, say('http.refused', { why: error.message }))
  }
}

function toFrameworkSentence(error: FastifyError | Error): Sentence {
  switch ('code' in error ? error.code : undefined) {
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return say('field.invalidJson')
    default:
      return verbatim(error.message)
  }
}

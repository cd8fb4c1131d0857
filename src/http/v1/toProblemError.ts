import type { FastifyError } from 'fastify'
import { ZodError } from 'zod'
import { say } from '../../base/sentences/sentence.ts'
import { DatabaseError } from '../../db/databaseError.ts'
import { BroadcastError } from '../../operations/broadcasts/broadcastError.ts'
import { AmbiguousPushError } from '../../push/ambiguousPush.ts'
import { InvalidPushError, type PushProblem } from '../../push/invalidPush.ts'
import { QueueUnavailableError } from '../../queue/unavailable.ts'
import { explainInFull } from '../../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../../wechat/errors.ts'
import { type FieldProblem, ProblemError } from './problem.ts'

/** Seconds after which it is worth trying again. */
const retryAfterSeconds = 5

/** What a route, or Fastify before it, has thrown, as the answer to it. */
export function toProblemError(error: FastifyError | Error, bodyLimit = 0): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof InvalidPushError) return toBadInput(error.problems.map((p) => toFieldProblem(p)))
  if (error instanceof ZodError) return toBadInput(error.issues.flatMap(toFieldProblems))
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
    return new ProblemError(502, say('http.wechat_away', { why: error.message }), { cause: error })
  }
  return toFrameworkProblem(error, bodyLimit)
}

/** What is wrong with what was sent; the pointers name it. */
export function toBadInput(errors: FieldProblem[]): ProblemError {
  const problems = errors.slice(0, 5).map(({ pointer, message }) => `${pointer || 'body'}: ${message}`)
  const more = errors.length > problems.length ? '; ...' : ''
  return new ProblemError(400, say('http.bad_input', { problems: problems.join('; ') + more }), { errors })
}

/** Below `start`, which is a pointer to the message. */
export function toFieldProblem({ field, rule, given }: PushProblem, start = ''): FieldProblem {
  const path = field === 'message' ? [] : field.split('.')
  return { pointer: start + toPointer(path), message: `expected ${rule}, got ${given}` }
}

function toFieldProblems(issue: ZodError['issues'][number]): FieldProblem[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: toPointer(issue.path), message: issue.message }]
  return issue.keys.map((key) => ({ pointer: toPointer([...issue.path, key]), message: 'no such field' }))
}

/** RFC 6901. */
function toPointer(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function toAway(key: 'http.queue_away' | 'http.database_away', error: Error): ProblemError {
  return new ProblemError(503, say(key, { why: error.message }), { retryAfterSeconds, cause: error })
}

function toBroadcastProblem({ code, message }: BroadcastError): ProblemError {
  switch (code) {
    case 'unknown_broadcast':
      return new ProblemError(404, say('http.refused', { why: message }))
    case 'broadcast_over':
      return new ProblemError(409, say('http.broadcast_over', { why: message }))
    default:
      return code satisfies never
  }
}

function toFrameworkProblem(error: FastifyError | Error, bodyLimit: number): ProblemError {
  const { statusCode = 500 } = 'statusCode' in error ? error : {}
  if (statusCode >= 500) return new ProblemError(500, say('http.internal'), { cause: error })
  switch (statusCode) {
    case 400:
      return toBadInput([{ pointer: '', message: error.message }])
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

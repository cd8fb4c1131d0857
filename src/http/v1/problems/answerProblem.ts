import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../../../base/log.ts'
import { toAcceptedLanguage } from '../language.ts'
import { type ProblemError, toDocument } from './problem.ts'
import { toProblemError } from './toProblemError.ts'

/** Answers whatever a route, or Fastify before it, has thrown; what is no fault of the caller is logged, without anything the caller sent. */
export function createProblemHandler(log: Log) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void =>
    answerProblem(toProblemError(error, request.routeOptions.bodyLimit), request, reply, log)
}

function answerProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const { statusCode, retryAfterSeconds, allow, cause } = problem
  const route = `${request.method} ${request.routeOptions.url}`
  // The caller has gone in the middle of the body, which is no fault of this server, and nobody reads the answer.
  const isGone = request.raw.destroyed && !request.raw.complete
  if (isGone) log.info({ route }, 'API request broken off by its caller')
  else if (statusCode >= 500) {
    // A failed query carries its parameters in its own message, the cause does not.
    const err = cause instanceof Error ? (cause.cause ?? cause) : problem
    log[statusCode === 500 ? 'error' : 'warn']({ route, err }, 'API request failed')
  }
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  if (allow !== undefined) reply.header('allow', allow)
  // What is left of a body that is not read is not waited for.
  if (!request.raw.complete) reply.header('connection', 'close')
  if (statusCode === 401) reply.header('www-authenticate', 'Bearer')
  const language = toAcceptedLanguage(request.headers['accept-language'])
  reply
    .code(statusCode)
    .header('content-language', language)
    .header('vary', 'accept-language')
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(toDocument(problem, language))
}

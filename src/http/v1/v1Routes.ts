import rateLimit from '@fastify/rate-limit'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiKey } from '../../base/api/apiKeys.ts'
import { minute } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { ApiAccount } from './accounts.ts'
import { createAuthentication } from './authentication.ts'
import { broadcastRoutes } from './broadcasts/broadcasts.ts'
import { controlRoutes } from './control.ts'
import { eventRoutes } from './events/events.ts'
import { toAcceptedLanguage } from './language.ts'
import { createLoginSessions } from './loginSessions.ts'
import { ndjsonTypes } from './ndjson.ts'
import { describeRoutes, openApiRoute } from './openapi.ts'
import { ProblemError, toDocument } from './problem.ts'
import { batchRoutes } from './pushes/batch.ts'
import { pushRoutes } from './pushes/pushes.ts'
import { pushListRoutes } from './pushes/pushList.ts'
import { readRoutes } from './reads.ts'
import { createRecordChange } from './recordChange.ts'
import { type RunDoctor, reportRoutes } from './reports.ts'
import { createAddRoute } from './route.ts'
import { sessionRoutes } from './session.ts'
import { toProblemError } from './toProblemError.ts'

export interface V1Options {
  keys: readonly ApiKey[]
  /** Those of the process just now. */
  accounts(): readonly ApiAccount[]
  /** Of those with these AppIDs, by the names of the checks; none = all. */
  runDoctor: RunDoctor
  log: Log
}

/** Requests a minute by one key. */
const mostRequests = 600

/** The HTTP API as a fastify plugin, below the prefix that it is registered with. */
export async function v1Routes(
  app: FastifyInstance,
  { keys, accounts, runDoctor, log }: V1Options,
): Promise<void> {
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answerProblem(toProblemError(error, request.routeOptions.bodyLimit), request, reply, log),
  )
  // The bodies are parsed by zod; their JSON schemas are there for the OpenAPI description.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser([...ndjsonTypes], (_, payload, done) => done(null, payload))
  await app.register(rateLimit, {
    global: false,
    enableDraftSpec: true,
    max: mostRequests,
    timeWindow: minute,
    keyGenerator: (request) => authentication.keyOf(request).name,
    errorResponseBuilder: (request, { ttl }) => {
      const { name } = authentication.keyOf(request)
      const seconds = Math.ceil(ttl / 1_000)
      return new ProblemError(429, say('http.too_many_requests', { name, most: mostRequests, seconds }), {
        retryAfterSeconds: seconds,
      })
    },
  })
  const sessions = createLoginSessions()
  const authentication = createAuthentication(app, keys, sessions)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    if (!request.routeOptions.config.isOpen) await authentication.authenticate(request)
  })
  const limitRate = app.rateLimit()
  app.addHook('onRequest', async function (request, reply) {
    if (!request.routeOptions.config.isOpen) await limitRate.call(this, request, reply)
  })
  app.setNotFoundHandler((request) => {
    const { method, url } = request
    throw new ProblemError(404, say('http.no_route', { method, path: url.split('?')[0] ?? '' }))
  })
  const stopping = new AbortController()
  app.addHook('preClose', async () => stopping.abort())
  await describeRoutes(app)
  const addRoute = createAddRoute(app, authentication, createRecordChange({ accounts, log }))
  openApiRoute(app, addRoute)
  pushRoutes(addRoute, { accounts })
  pushListRoutes(addRoute, { accounts })
  batchRoutes(addRoute, { accounts })
  broadcastRoutes(addRoute, { accounts })
  readRoutes(addRoute, { accounts })
  eventRoutes(addRoute, { accounts, stop: stopping.signal, log })
  reportRoutes(addRoute, { accounts, runDoctor })
  controlRoutes(addRoute, { accounts, stop: stopping.signal })
  sessionRoutes(app, addRoute, { authentication, sessions })
}

/** What is no fault of the caller is logged, without anything the caller sent. */
function answerProblem(problem: ProblemError, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const { statusCode, retryAfterSeconds, cause } = problem
  if (statusCode >= 500) {
    const route = `${request.method} ${request.routeOptions.url}`
    // A failed query carries its parameters in its own message, the cause does not.
    const err = cause instanceof Error ? (cause.cause ?? cause) : problem
    log[statusCode === 500 ? 'error' : 'warn']({ route, err }, 'API request failed')
  }
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
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

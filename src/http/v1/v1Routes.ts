import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { ApiKey } from '../../base/api/apiKeys.ts'
import { minute } from '../../base/duration.ts'
import type { Log } from '../../base/log.ts'
import { say } from '../../base/sentences/sentence.ts'
import type { ApiAccount } from './accounts.ts'
import { createAuthentication } from './authentication.ts'
import { broadcastRoutes } from './broadcasts/broadcasts.ts'
import { controlRoutes } from './control.ts'
import { eventRoutes } from './events/events.ts'
import { parseJsonOf } from './json.ts'
import { createLoginSessions } from './loginSessions.ts'
import { refuseOtherMethods } from './methods.ts'
import { ndjsonTypes } from './ndjson.ts'
import { describeRoutes, openApiRoute } from './openapi.ts'
import { createProblemHandler } from './problems/answerProblem.ts'
import { ProblemError } from './problems/problem.ts'
import { batchRoutes } from './pushes/batch.ts'
import { pushRoutes } from './pushes/pushes.ts'
import { pushListRoutes } from './pushes/pushList.ts'
import { readRoutes } from './reads.ts'
import { createRecordChange } from './recordChange.ts'
import { type RunDoctor, reportRoutes } from './reports.ts'
import { createAddRoute } from './route.ts'
import { sessionRoutes } from './session.ts'

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
  app.setErrorHandler(createProblemHandler(log))
  // The bodies are parsed by zod; their JSON schemas are there for the OpenAPI description.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.removeContentTypeParser('text/plain')
  parseJsonOf(app)
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
  const refuseOthers = refuseOtherMethods(app)
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
  refuseOthers()
}

import swagger from '@fastify/swagger'
import { type FastifyInstance, fastify } from 'fastify'
import { second } from '../base/duration.ts'
import { ListenError } from '../base/listenError.ts'
import type { Log } from '../base/log.ts'
import type { ApiEdge } from './apiEdge.ts'
import { limitBodyTime } from './bodyTime.ts'
import { securitySchemes } from './miniprogramSchemas.ts'
import { createErrorHandler } from './requestError.ts'

export interface HttpServer {
  /** `http://host:port`, with the port that was given if 0 was asked for. */
  url: string
  /** Takes no more requests; resolves when those under way are answered. */
  close(): Promise<void>
}

interface HttpOptions {
  host: string
  /** 0 = any free one. */
  port: number
  /** What sets it, for the sentence when it cannot be had. */
  portVariable?: 'HTTP_PORT' | 'METRICS_PORT'
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed; absent = nobody's. */
  trustProxy?: string[]
  log: Log
  /** Those whose answers to what goes wrong before a route is found differ from all others; default: there are none. */
  api?: ApiEdge | undefined
  /** Adds the routes that are configured. */
  routes(app: FastifyInstance): Promise<void>
}

/** For the request, head and body; WeChat itself gives up after as long. */
const requestTimeout = 5 * second
/** Bytes, of the head of a request. */
const longestHead = 16 * 1024
/** Of a body that is a stream. */
const idleTimeout = 30 * second

/**
 * Listens with the given routes and their OpenAPI description at `/openapi.json`.
 * Rejects with a sentence when the address cannot be had.
 */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { host, port, portVariable = 'HTTP_PORT', trustProxy = [], log, api, routes } = options
  const answerError = createErrorHandler(log)
  const app = fastify({
    requestTimeout: api ? 0 : requestTimeout,
    http: { headersTimeout: requestTimeout, connectionsCheckingInterval: second },
    trustProxy,
    exposeHeadRoutes: false,
    // What never gets to a route, such as a path with a broken escape.
    frameworkErrors: (error, request, reply) =>
      api?.owns(request) ? api.answerError(error, request, reply) : answerError(error, request, reply),
    // No path is matched by a pattern that a long one could keep busy, and Node limits the whole of it.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: longestHead },
  })
  if (api) limitBodyTime(app, { whole: requestTimeout, idle: idleTimeout, api })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ error: { code: 'not_found', message: 'no such route' } }),
  )
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title: 'unionpush', version: '1' },
      components: { securitySchemes },
    },
    // The API describes itself, in another version of OpenAPI.
    transform: ({ schema, url }) => ({ schema: url.startsWith('/v1/') ? { hide: true } : schema, url }),
  })
  let isClosing = false
  // Fastify closes idle connections once; those that answer after that would keep the server up until they time out.
  app.addHook('onSend', async (_, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  await app.register(routes)
  try {
    const url = await app.listen({ host, port })
    return {
      url,
      close() {
        isClosing = true
        return app.close()
      },
    }
  } catch (cause) {
    await app.close()
    throw new ListenError(host, port, portVariable, cause)
  }
}

import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { day, minute, second, toShanghaiDayStart } from '../base/duration.ts'
import type { Log } from '../base/log.ts'
import type { Refusal, RefusalReason } from '../identity/refusal.ts'
import type { Identity, UserState } from '../identity/states.ts'
import { bodies, findFailure, isDenial, schemas } from './miniprogramSchemas.ts'
import { createErrorHandler, RequestError } from './requestError.ts'

export interface MiniprogramRoutesOptions {
  /** The login of the mini-program with this AppID; without one, of the only one. */
  find(appid: string | undefined): Identity | undefined
  log: Log
  /** Logins, phone numbers and encrypted data a minute. */
  rateLimitPerIp: number
  /** Requests a minute with the same code. */
  rateLimitPerCode: number
}

/** By the AppID of the mini-program, which may be left out where there is one. */
const prefixes = [
  ['/miniprogram', {}],
  [
    '/miniprogram/:appid',
    {
      params: {
        type: 'object',
        properties: { appid: { type: 'string', description: 'the AppID of the mini-program' } },
      },
    },
  ],
] as const

/** Login and user data of mini-programs as a fastify plugin; the session goes as `Authorization: Bearer <token>`. */
export async function miniprogramRoutes(
  app: FastifyInstance,
  options: MiniprogramRoutesOptions,
): Promise<void> {
  const { find, log, rateLimitPerIp, rateLimitPerCode } = options
  app.setErrorHandler(createErrorHandler(log))
  // The bodies are parsed by zod; their JSON schemas are there for the OpenAPI description.
  app.setValidatorCompiler(() => () => true)
  app.removeContentTypeParser(['text/plain', 'application/json'])
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // wx.request names this type also when it sends no body.
    return body === '' ? done(null) : parseJson(request, String(body), done)
  })
  app.addHook('onRequest', async (_, reply) => {
    reply.header('cache-control', 'no-store')
  })
  await app.register(rateLimit, { global: false })
  const countIp = app.createRateLimit({
    max: rateLimitPerIp,
    timeWindow: minute,
    keyGenerator: (request) => `${toAppid(request)} ${request.ip}`,
  })
  const countCode = app.createRateLimit({
    max: rateLimitPerCode,
    timeWindow: minute,
    keyGenerator: ({ body }) => bodies.code.parse(body).code,
  })

  /** What costs a call to WeChat, or could be tried often to forge data; sessions are checked by many from one address. */
  const limited = {
    bodyLimit,
    async onRequest(request: FastifyRequest) {
      throwIfExceeded(await countIp(request))
    },
  }

  /** A failure that is not the user's no would come back for every user, so it is told to whoever reads the log. */
  function throwUnlessDenied({ body, routeOptions }: FastifyRequest): void {
    const errMsg = findFailure(body) ?? ''
    if (isDenial(errMsg)) return
    log.warn(
      { route: routeOptions.url, errMsg: errMsg.slice(0, maxErrMsg) },
      "the mini-program could not ask its user: WeChat's client failed",
    )
    throw new RequestError(clientFailed)
  }

  /** The code of the body, which may be sent only so often. */
  async function takeCode(request: FastifyRequest): Promise<string> {
    const { code } = bodies.code.parse(request.body)
    throwIfExceeded(await countCode(request))
    return code
  }

  function toIdentity(request: FastifyRequest): Identity {
    const identity = find(toAppid(request))
    if (!identity) throw new RequestError(unknownMiniProgram)
    return identity
  }

  for (const [prefix, params] of prefixes) {
    addRoutes(app, prefix, params, { limited, toIdentity, takeCode, throwUnlessDenied })
  }
}

interface RouteParts {
  limited: { bodyLimit: number; onRequest(request: FastifyRequest): Promise<void> }
  toIdentity(request: FastifyRequest): Identity
  takeCode(request: FastifyRequest): Promise<string>
  throwUnlessDenied(request: FastifyRequest): void
}

function addRoutes(
  app: FastifyInstance,
  prefix: string,
  params: object,
  { limited, toIdentity, takeCode, throwUnlessDenied }: RouteParts,
): void {
  app.post(`${prefix}/login`, { schema: { ...schemas.login, ...params }, ...limited }, async (request) => {
    const identity = toIdentity(request)
    const { token, expiresAt, ...state } = orThrow(await identity.login(await takeCode(request)))
    return { token, expiresAt: toTime(expiresAt), ...toAnswer(state) }
  })

  app.post(
    `${prefix}/userinfo`,
    { schema: { ...schemas.userinfo, ...params }, ...limited },
    async (request) => {
      const identity = toIdentity(request)
      const token = readToken(request)
      if (findFailure(request.body) !== undefined) {
        const state = orThrow(await identity.session(token))
        throwUnlessDenied(request)
        return toAnswer(state)
      }
      return toAnswer(orThrow(await identity.decrypt(token, bodies.userinfo.parse(request.body))))
    },
  )

  app.post(`${prefix}/phone`, { schema: { ...schemas.phone, ...params }, ...limited }, async (request) => {
    const identity = toIdentity(request)
    const token = readToken(request)
    if (findFailure(request.body) !== undefined) {
      orThrow(await identity.session(token))
      throwUnlessDenied(request)
      return { phoneNumber: null, purePhoneNumber: null, countryCode: null }
    }
    const { ok: _, ...phone } = orThrow(await identity.phone(await takeCode(request), token))
    return phone
  })

  app.get(`${prefix}/session`, { schema: { ...schemas.session, ...params } }, async (request) => {
    const { expiresAt, ...state } = orThrow(await toIdentity(request).session(readToken(request)))
    return { expiresAt: toTime(expiresAt), ...toAnswer(state) }
  })

  app.post(`${prefix}/logout`, { schema: { ...schemas.logout, ...params } }, async (request, reply) => {
    await toIdentity(request).logout(readToken(request))
    return reply.code(204).send()
  })
}

const pathSchema = z.object({ appid: z.string().optional() })

function toAppid({ params }: FastifyRequest): string | undefined {
  return pathSchema.parse(params).appid
}

const unknownMiniProgram = {
  status: 404,
  code: 'not_found',
  message: 'no such mini-program: where several are served the path is /miniprogram/<AppID>/...',
} as const

/** Encrypted user data are 1-2 KB. */
const bodyLimit = 16 * 1024

/** WeChat's own are shorter. */
const maxErrMsg = 200

const clientFailed = {
  status: 422,
  code: 'client_failed',
  message:
    "WeChat's client failed for another reason than the user's no: look at errMsg, at the privacy agreement of the mini-program (用户隐私保护指引) and at its permissions",
} as const

const tooManyRequests = {
  status: 429,
  code: 'rate_limited',
  message: 'too many requests: slow down',
} as const

type RateCount = Awaited<ReturnType<ReturnType<FastifyInstance['createRateLimit']>>>

function throwIfExceeded(count: RateCount): void {
  if (count.isAllowed || !count.isExceeded) return
  throw new RequestError({ ...tooManyRequests, retryAfterSeconds: count.ttlInSeconds })
}

const statuses: Record<RefusalReason, number> = {
  no_session: 401,
  code_invalid: 400,
  code_used: 409,
  user_blocked: 403,
  too_often: 429,
  wechat_busy: 503,
  quota_exhausted: 503,
  session_key_stale: 400,
  damaged: 400,
  undecryptable: 400,
  bad_signature: 400,
  other_app: 400,
  other_user: 400,
  too_old: 400,
  order_invalid: 400,
}
const retryAfterSeconds: Partial<Record<RefusalReason, number>> = { too_often: 60, wechat_busy: 5 }

/** A new daily quota comes at midnight; a minute later its clock and ours agree that it is over. */
function toRetryAfter(reason: RefusalReason): number | undefined {
  if (reason !== 'quota_exhausted') return retryAfterSeconds[reason]
  const now = Date.now()
  return Math.ceil((toShanghaiDayStart(now) + day + minute - now) / second)
}

function orThrow<T extends { ok: true }>(result: T | Refusal): T {
  if (result.ok) return result
  const { reason, message, errcode, rid } = result
  throw new RequestError({
    status: statuses[reason],
    code: reason,
    message,
    retryAfterSeconds: toRetryAfter(reason),
    errcode,
    rid,
  })
}

function readToken({ headers }: FastifyRequest): string {
  return /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

function toAnswer({ unionid, following, ids }: UserState) {
  return { unionid, following, ...(ids && { ids }) }
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

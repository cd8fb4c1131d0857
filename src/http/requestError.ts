import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ZodError } from 'zod'
import type { Log } from '../base/log.ts'
import { toEnglish } from '../base/sentences/sentence.ts'
import { explainInFull } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'

interface RequestErrorFields {
  status: number
  /** Machine-readable, for the client. */
  code: string
  message: string
  retryAfterSeconds?: number | undefined
  /** What WeChat refused with. */
  errcode?: number | undefined
  rid?: string | undefined
}

/** The request gets another answer than it asked for: `{error: {code, message}}`, with errcode and rid if it was WeChat. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds: number | undefined
  readonly errcode: number | undefined
  readonly rid: string | undefined

  constructor({ status, code, message, retryAfterSeconds, errcode, rid }: RequestErrorFields) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
    this.errcode = errcode
    this.rid = rid
  }
}

/** Answers whatever a route throws; what is no fault of the client is logged, without anything the client sent. */
export function createErrorHandler(log: Log) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = toRequestError(error)
    const { code, message, errcode, rid } = answer
    if (answer.status >= 500) record(error, request, log)
    if (answer.retryAfterSeconds !== undefined) reply.header('retry-after', answer.retryAfterSeconds)
    if (answer.status === 401) reply.header('www-authenticate', 'Bearer')
    reply.code(answer.status).send({ error: { code, message, errcode, rid } })
  }
}

function toRequestError(error: FastifyError): RequestError {
  if (error instanceof RequestError) return error
  if (error instanceof ZodError) return new RequestError({ ...badRequest, message: toSentence(error) })
  if (error instanceof WechatNetworkError) return new RequestError(unavailable)
  if (error instanceof WechatApiError) {
    const { errcode, rid, class: errcodeClass } = error
    return new RequestError({ ...(errcodeClass === 'B' ? unavailable : refused), errcode, rid })
  }
  const { statusCode: status = 500, message } = error
  return new RequestError(status < 500 ? { ...badRequest, status, message } : internal)
}

const badRequest = { status: 400, code: 'bad_request' } as const
const unavailable = {
  status: 503,
  code: 'wechat_unavailable',
  message: 'WeChat gives no usable answer: try again in a moment',
  retryAfterSeconds: 5,
} as const
/** No user and no waiting can change it. */
const refused = {
  ...unavailable,
  message: 'WeChat refuses the calls of this server: the log of the server says what to set right',
} as const
const internal = { status: 500, code: 'internal', message: 'the server failed' } as const

function toSentence(error: ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ')
}

function record(error: FastifyError, { method, routeOptions }: FastifyRequest, log: Log): void {
  const route = `${method} ${routeOptions.url}`
  if (error instanceof WechatApiError) {
    const { errcode, rid, path } = error
    log.error({ route, errcode, rid, path }, toEnglish(explainInFull(error, 'miniprogram')))
  } else if (error instanceof WechatNetworkError) log.warn({ route, kind: error.kind }, error.message)
  else if (error instanceof RequestError) {
    const { errcode, rid, message } = error
    if (errcode !== undefined) log.warn({ route, errcode, rid }, message)
  }
  // A failed query carries its parameters in its own message, the cause does not.
  else log.error({ route, err: error.cause ?? error }, 'request failed')
}

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { ZodError } from 'zod'
import type { Log } from '../log.ts'
import { explain } from '../wechat/errcode.ts'
import { WechatApiError, WechatNetworkError } from '../wechat/errors.ts'

interface RequestErrorFields {
  status: number
  /** Machine-readable, for the client. */
  code: string
  message: string
  retryAfterSeconds?: number | undefined
}

/** The request gets another answer than it asked for: `{error: {code, message}}`. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds: number | undefined

  constructor({ status, code, message, retryAfterSeconds }: RequestErrorFields) {
    super(message)
    this.status = status
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Answers whatever a route throws; what is no fault of the client is logged, without anything the client sent. */
export function createErrorHandler(log: Log) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const answer = toRequestError(error)
    if (answer.status >= 500) record(error, request, log)
    if (answer.retryAfterSeconds !== undefined) reply.header('retry-after', answer.retryAfterSeconds)
    if (answer.status === 401) reply.header('www-authenticate', 'Bearer')
    reply.code(answer.status).send({ error: { code: answer.code, message: answer.message } })
  }
}

function toRequestError(error: FastifyError): RequestError {
  if (error instanceof RequestError) return error
  if (error instanceof ZodError) return new RequestError({ ...badRequest, message: toSentence(error) })
  if (error instanceof WechatNetworkError || error instanceof WechatApiError)
    return new RequestError(unavailable)
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
const internal = { status: 500, code: 'internal', message: 'the server failed' } as const

function toSentence(error: ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ')
}

function record(error: FastifyError, { method, routeOptions }: FastifyRequest, log: Log): void {
  const route = `${method} ${routeOptions.url}`
  if (error instanceof WechatApiError) {
    const { errcode, rid, path } = error
    log.error({ route, errcode, rid, path }, toMiniProgramWords(explain(error)))
  } else if (error instanceof WechatNetworkError) log.warn({ route, kind: error.kind }, error.message)
  // A failed query carries its parameters in its own message, the cause does not.
  else if (!(error instanceof RequestError)) log.error({ route, err: error.cause ?? error }, 'request failed')
}

/** The errcode table speaks to the owner of the service account; the routes here call WeChat as the mini-program. */
function toMiniProgramWords(sentence: string): string {
  return sentence
    .replaceAll('WECHAT_', 'WECHAT_MINIPROGRAM_')
    .replace('设置与开发 > 基本配置', '开发管理 > 开发设置')
}

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as z from 'zod'
import { maxBodyBytes } from '../callback/receive.ts'
import type { Refusals } from '../callback/refusals.ts'
import type { CallbackAnswer, CallbackRequest } from '../callback/request.ts'

interface CallbackRoutesOptions {
  /** Who takes what is posted for an AppID, or without one. */
  find(appid: string | undefined): Receiver | undefined
  /** Of requests that get to nobody. */
  refusals: Refusals
}

interface Receiver {
  receive(request: CallbackRequest): Promise<CallbackAnswer>
}

const text = (description: string) => ({
  description,
  content: { 'text/plain': { schema: { type: 'string' } } },
})
const refused = {
  403: text(
    'bad or missing signature, a timestamp more than an hour off, or unencrypted although a key is set',
  ),
  404: text('the account is not configured'),
}
const query = { timestamp: { type: 'string' }, nonce: { type: 'string' } }
const paths = [
  ['/wechat/callback', {}],
  [
    '/wechat/callback/:appid',
    {
      params: {
        type: 'object',
        properties: { appid: { type: 'string', description: 'the AppID of the account' } },
      },
    },
  ],
] as const

const checkSchema = {
  tags: ['callback'],
  summary: "WeChat's check of the URL: echoes echostr if the signature fits the token",
  querystring: {
    type: 'object',
    properties: { signature: { type: 'string' }, ...query, echostr: { type: 'string' } },
    required: ['signature', 'timestamp', 'nonce', 'echostr'],
  },
  response: { 200: text('the echostr'), ...refused },
}

const messageSchema = {
  tags: ['callback'],
  summary: 'Messages and events from WeChat: plain, compatible or encrypted',
  querystring: {
    type: 'object',
    properties: {
      signature: { type: 'string', description: 'signs token, timestamp and nonce' },
      ...query,
      openid: { type: 'string' },
      encrypt_type: { type: 'string', enum: ['aes'] },
      msg_signature: { type: 'string', description: 'signs token, timestamp, nonce and Encrypt' },
    },
    required: ['timestamp', 'nonce'],
  },
  body: { content: { 'text/xml': { schema: { type: 'string' } } } },
  response: {
    200: text('success: the event is stored'),
    400: text('not a message, or not one for this account'),
    ...refused,
    413: text('more than 64 KB'),
    415: text('not XML'),
    503: text('not stored: WeChat sends it again'),
  },
}

/** WeChat's message push as a fastify plugin: `/wechat/callback/<appid>`, and `/wechat/callback` where there is one account. */
export async function callbackRoutes(
  app: FastifyInstance,
  { find, refusals }: CallbackRoutesOptions,
): Promise<void> {
  // The receiver judges query and body itself; the schemas are there for the OpenAPI description.
  app.setValidatorCompiler(() => () => true)
  app.removeAllContentTypeParsers()
  const bodyLimit = maxBodyBytes
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit }, (_, body, done) => done(null, body))
  app.setErrorHandler((error: FastifyError, _, reply) => {
    if (error.code !== 'FST_ERR_CTP_BODY_TOO_LARGE') throw error
    return reply.code(refusals.record('too_large', undefined)).send('refused')
  })

  for (const [path, params] of paths) {
    app.get(path, { schema: { ...checkSchema, ...params } }, answer)
    app.post(path, { schema: { ...messageSchema, ...params } }, answer)
  }

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<string> {
    const { method, headers } = request
    const { appid } = pathSchema.parse(request.params)
    const contentType = headers['content-type'] ?? ''
    const query = querySchema.parse(request.query)
    const body = bodySchema.parse(request.body)
    const receiver = find(appid)
    const answered = await receiver?.receive({ method, query, body, contentType, appid })
    const { status, body: text } = answered ?? {
      status: refusals.record('unknown_account', undefined),
      body: 'refused',
    }
    reply.code(status).type('text/plain; charset=utf-8')
    return text
  }
}

const pathSchema = z.object({ appid: z.string().optional() })
const querySchema = z.record(z.string(), z.unknown())
const bodySchema = z.string().optional()

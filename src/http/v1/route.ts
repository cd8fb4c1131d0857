import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import * as z from 'zod'
import type { ApiKey, ApiRole } from '../../base/api/apiKeys.ts'
import { keptText, keptTextRule } from '../../base/keptText.ts'
import type { Language } from '../../base/sentences/language.ts'
import { type Sentence, say } from '../../base/sentences/sentence.ts'
import { inLanguage } from '../../base/sentences/stored.ts'
import type { Authentication } from './authentication.ts'
import { toAcceptedLanguage } from './language.ts'
import { ProblemError, problemSchema } from './problems/problem.ts'
import { toBadInput, toPointer, toProblemError } from './problems/toProblemError.ts'

/** Whoever may read, and whoever may do everything. */
export const readers = ['view', 'operate'] as const satisfies readonly ApiRole[]
export const operators = ['operate'] as const satisfies readonly ApiRole[]

/** A route as it is served and described. Its schemas are what is parsed; whatever else is sent is refused. */
export interface ApiRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  method: 'GET' | 'POST'
  /** Below /v1. */
  path: string
  summary: string
  description?: string
  tag: string
  roles: readonly ApiRole[]
  /** What it is in the audit, for a route that changes something. */
  action?: string
  params?: P
  query?: Q
  /** For the description. */
  headers?: z.ZodType
  body?: B
  /** Other types than JSON that the handler takes as a stream. */
  streamTypes?: readonly string[]
  bodyLimit?: number
  /** Its answer has no end, so nobody asks for its head alone. */
  isEndless?: true
  /** What it answers when all is well: status, what that means, and the body. */
  answers: Readonly<Record<number, readonly [description: string, body?: z.ZodType, mediaType?: string]>>
  /** Problems besides those that every route has. */
  problems?: readonly number[]
}

export interface RouteInput<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  params: z.output<P>
  query: z.output<Q>
  body: z.output<B>
  /** The body when it is of one of the `streamTypes`; then there is no other. */
  stream: Readable | undefined
  key: ApiKey
  /** That the caller reads. */
  language: Language
  /** Says what was changed, for the audit; once it has, the change is there even if the rest fails. */
  tell(change: Change): void
  request: FastifyRequest
  reply: FastifyReply
}

/** Before a change is made; neither rejects. */
export type RecordChange = (key: ApiKey, action: string, known: Change) => Promise<ChangeRecord>

export interface ChangeRecord {
  /** It is made. */
  made(change: Change): Promise<void>
  /** It was refused, so there is nothing to keep. */
  refused(): Promise<void>
  /** It failed on the way. */
  failed(): Promise<void>
}

/** By what no database keeps nothing is found. */
const parameters = z.record(
  z.string(),
  z.union([z.string().regex(keptText, keptTextRule), z.array(z.unknown())]),
)
const noQuery = z.strictObject({})

const usualBodyLimit = 1024 * 1024

/** Of an account, by name. */
export interface Change {
  account?: string | undefined
  target?: string | undefined
  /** What a person said, or a sentence for whoever reads the audit. */
  detail?: string | Sentence | undefined
}

export type AddRoute = <
  P extends z.ZodType = z.ZodUnknown,
  Q extends z.ZodType = z.ZodUnknown,
  B extends z.ZodType = z.ZodUnknown,
>(
  route: ApiRoute<P, Q, B>,
  handle: (input: RouteInput<P, Q, B>) => unknown,
) => void

/** Adds routes that are asked for by the holders of certain keys. */
export function createAddRoute(
  app: FastifyInstance,
  { keyOf, requireRole }: Pick<Authentication, 'keyOf' | 'requireRole'>,
  record: RecordChange,
): AddRoute {
  app.addSchema({ $id: 'Problem', ...toJsonSchema(problemSchema, 'output') })
  return (route, handle) => {
    const {
      method,
      path: url,
      roles,
      action,
      params,
      query,
      body,
      streamTypes = [],
      bodyLimit = usualBodyLimit,
      isEndless = false,
      answers,
    } = route
    const [status = '200'] = Object.keys(answers)
    app.route({
      method,
      url,
      exposeHeadRoute: method === 'GET' && !isEndless,
      schema: toSchema(route),
      bodyLimit,
      async preParsing(request, _, payload) {
        requireRole(request, roles)
        const type = toMediaType(request)
        const types = ['application/json', ...streamTypes]
        if (body && type !== undefined && !types.includes(type)) {
          throw new ProblemError(415, say('http.media_type', { expected: types.join(', ') }))
        }
        const { 'content-encoding': encoding = 'identity' } = request.headers
        if (body && encoding !== 'identity') throw new ProblemError(415, say('http.encoding', { encoding }))
        return payload
      },
      handler: async (request, reply) => {
        reply.code(Number(status))
        const isStream = streamTypes.includes(toMediaType(request) ?? '')
        const key = keyOf(request)
        const language = toAcceptedLanguage(request.headers['accept-language'])
        parse(parameters, { ...Object(request.params), ...Object(request.query) })
        if (!query) parse(noQuery, request.query)
        const input = {
          params: parse(params, request.params),
          query: parse(query, request.query),
          body: parseBody(isStream ? undefined : body, isStream ? undefined : (request.body ?? undefined)),
          stream: isStream && request.body instanceof Readable ? request.body : undefined,
        }
        const begin = action === undefined ? undefined : () => record(key, action, toKnown(input))
        const answer = await recorded(begin, (tell) =>
          handle({ ...input, key, language, tell, request, reply }),
        )
        if (reply.sent) return reply
        return reply.send(inLanguage(answer, language))
      },
    })
  }
}

/** Whatever ends this process on the way, what was begun is on record. */
async function recorded(
  begin: (() => Promise<ChangeRecord>) | undefined,
  make: (tell: (change: Change) => void) => unknown,
): Promise<unknown> {
  if (!begin) return make(() => {})
  const record = await begin()
  let change: Change | undefined
  const end = async (isRefused: boolean) => {
    if (change) await record.made(change)
    else if (isRefused) await record.refused()
    else await record.failed()
  }
  try {
    const answer = await make((told) => {
      change = told
    })
    await end(true)
    return answer
  } catch (error) {
    await end(error instanceof Error && toProblemError(error).statusCode < 500)
    throw error
  }
}

/** What a request says of what it is about to change. */
function toKnown({ params, query, body }: Record<'params' | 'query' | 'body', unknown>): Change {
  const { id = Object(body).id } = Object(params)
  const { account = Object(query).account } = Object(body)
  return {
    target: typeof id === 'string' ? id : undefined,
    account: typeof account === 'string' ? account : undefined,
  }
}

function toMediaType({ headers }: FastifyRequest): string | undefined {
  return headers['content-type']?.split(';')[0]?.trim().toLowerCase()
}

/** What is not described is no part of the request. */
function parse<S extends z.ZodType>(schema: S | undefined, given: unknown): z.output<S>
function parse(schema: z.ZodType | undefined, given: unknown): unknown {
  return schema?.parse(given)
}

/** One that says nothing may be there all the same. */
function parseBody<S extends z.ZodType>(schema: S | undefined, given: unknown): z.output<S>
function parseBody(schema: z.ZodType | undefined, given: unknown): unknown {
  if (!schema && given !== undefined) {
    const fields = given !== null && typeof given === 'object' ? Object.keys(given) : ['']
    if (fields.length === 0) return undefined
    throw toBadInput(
      fields.map((field) => ({ pointer: field && toPointer([field]), message: say('field.noBody') })),
    )
  }
  if (given === undefined && schema && !schema.safeParse(undefined).success) {
    throw toBadInput([{ pointer: '', message: say('field.emptyJson') }])
  }
  return parse(schema, given)
}

const meanings: Record<number, string> = {
  400: 'what was sent cannot be used; `errors` says where and why',
  401: 'no key, or an unknown one',
  403: 'the role of the key does not allow it',
  404: 'it is not known',
  409: 'it contradicts what is there',
  413: 'the body is too large',
  415: 'the body is of another type',
  429: 'too many requests; `Retry-After` says when to come again',
  500: 'the server failed',
  502: 'WeChat gave no usable answer, or refuses',
  503: 'the queue or the database is away',
}
/** Of every route. */
const everywhere = [400, 401, 403, 429, 500, 503]

function toSchema({
  summary,
  description,
  tag,
  params,
  query,
  headers,
  body,
  streamTypes = [],
  answers,
  problems = [],
}: ApiRoute<z.ZodType, z.ZodType, z.ZodType>): FastifySchema {
  const bodyProblems = body ? [413, 415] : []
  const statuses = [...new Set([...everywhere, ...bodyProblems, ...problems])].sort()
  const told = Object.entries(answers).map(([status, [meaning, schema, type = 'application/json']]) => [
    status,
    {
      description: meaning,
      ...(schema && { content: { [type]: { schema: toJsonSchema(schema, 'output') } } }),
    },
  ])
  const refused = statuses.map((status) => [
    status,
    {
      description: meanings[status],
      content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
    },
  ])
  return {
    summary,
    ...(description !== undefined && { description }),
    tags: [tag],
    security: [{ key: [] }],
    ...(params && { params: toJsonSchema(params, 'input') }),
    ...(query && { querystring: toJsonSchema(query, 'input') }),
    ...(headers && { headers: toJsonSchema(headers, 'input') }),
    ...(body && { body: toBody(body, streamTypes) }),
    response: Object.fromEntries([...told, ...refused]),
  }
}

function toBody(body: z.ZodType, streamTypes: readonly string[]): unknown {
  const json = toJsonSchema(body, 'input')
  if (streamTypes.length === 0) return json
  const streams = streamTypes.map((type) => [type, { schema: { type: 'string' } }])
  return { content: Object.fromEntries([['application/json', { schema: json }], ...streams]) }
}

/** As OpenAPI 3.1 has schemas: JSON Schema 2020-12. */
function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, id: __, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return json
}

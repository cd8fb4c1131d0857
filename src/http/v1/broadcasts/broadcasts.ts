import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import * as z from 'zod'
import type { Language } from '../../../base/sentences/language.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { findBroadcastOwner, listBroadcastsAmong } from '../../../operations/broadcasts/among.ts'
import {
  type BroadcastDeps,
  broadcastSchema,
  cancelOne,
  createdSchema,
  createOne,
  findBroadcast,
  pauseOne,
  planOne,
  planSchema,
  resumeOne,
  retryOne,
} from '../../../operations/broadcasts/broadcasts.ts'
import { createOnce } from '../../../operations/broadcasts/createOnce.ts'
import { historyFilterSchema } from '../../../operations/pushFilter.ts'
import { retryOutputSchema } from '../../../operations/retry.ts'
import { count } from '../../../operations/values.ts'
import { type ApiAccount, chooseAccounts, chooseOneAccount } from '../accounts.ts'
import { idempotencyKeyHeader, readIdempotencyKey } from '../idempotencyKey.ts'
import { ndjsonTypes, readNdjson } from '../ndjson.ts'
import { ProblemError } from '../problems/problem.ts'
import { type AddRoute, operators, readers } from '../route.ts'
import { broadcastBody, broadcastQuery, parseRowsQuery } from './broadcastInput.ts'

interface BroadcastRoutesDeps {
  accounts(): readonly ApiAccount[]
}

const tag = 'broadcasts'
const params = z.object({ id: z.string() })
const accountQuery = z.strictObject({ account: z.string().optional() })
const bodyLimit = 10 * 1024 * 1024

/** Messages to many. */
export function broadcastRoutes(addRoute: AddRoute, { accounts }: BroadcastRoutesDeps): void {
  addRoute(
    {
      method: 'GET',
      path: '/broadcasts',
      summary: 'Broadcasts, newest first',
      tag,
      roles: readers,
      query: accountQuery.extend({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
      answers: { 200: ['the newest', z.strictObject({ items: z.array(broadcastSchema) })] },
    },
    async ({ query: { account, limit } }) => {
      return { items: await listBroadcastsAmong(chooseAccounts(accounts(), account), limit) }
    },
  )
  addRoute(
    {
      method: 'POST',
      path: '/broadcasts',
      summary: 'Create a broadcast',
      description:
        'Workers send it. With rows as NDJSON, each with unionid or openid and the columns that the message names, the rest goes into the query, `data` and `miniprogram` as JSON. Rows that cannot be used are in `invalid`, the rest is created; with `dryRun` nothing is. With an Idempotency-Key it is one broadcast however often it is asked for.',
      tag,
      roles: operators,
      action: 'broadcast.create',
      headers: idempotencyKeyHeader('the same broadcast when this is repeated'),
      query: broadcastQuery,
      body: broadcastBody,
      bodyLimit,
      streamTypes: ndjsonTypes,
      answers: {
        201: ['it is created', createdSchema],
        200: [
          'what it would do (dryRun), or the broadcast that is there',
          z.union([planSchema, broadcastSchema]),
        ],
      },
      problems: [409],
    },
    async ({ body, stream, request, reply, language, tell }) => {
      const rows = stream && {
        ...parseRowsQuery(request.query),
        audience: { rows: readRows(stream, language) },
      }
      const { account, ...input } = rows ?? body
      const deps = chooseOneAccount(accounts(), account)
      reply.code(input.dryRun ? 200 : 201)
      if (input.dryRun) return planOne(deps, input, language)
      const key = readIdempotencyKey(request)
      const answer =
        key === undefined
          ? { created: await createOne(deps, input, language) }
          : await createOnce(deps, input, language, toBroadcastId(deps.appid, key))
      if ('existing' in answer) {
        reply.code(200)
        return answer.existing
      }
      const { created } = answer
      const { selected } = created.counts
      const detail =
        created.name === null
          ? say('audit.selected', { selected })
          : say('audit.selectedNamed', { selected, name: created.name })
      tell({ account: deps.name, target: created.id, detail })
      return created
    },
  )
  addRoute(
    {
      method: 'GET',
      path: '/broadcasts/:id',
      summary: 'How far a broadcast is',
      tag,
      roles: readers,
      params,
      answers: { 200: ['the broadcast', broadcastSchema] },
      problems: [404],
    },
    async ({ params: { id } }) => {
      const broadcast = await findBroadcast(
        await findBroadcastOwner(chooseAccounts(accounts(), undefined), id),
        id,
      )
      if (!broadcast) throw new ProblemError(404, say('http.unknown_broadcast', { id }))
      return broadcast
    },
  )
  verbRoutes(addRoute, (id) => findBroadcastOwner(chooseAccounts(accounts(), undefined), id))
}

const verbs = [
  ['pause', 'Send to nobody more until it is resumed', broadcastSchema, pauseOne],
  ['resume', 'Go on', broadcastSchema, resumeOne],
  ['cancel', 'Skip who was not sent to yet', broadcastSchema.extend({ inFlight: count }), cancelOne],
] as const

function verbRoutes(addRoute: AddRoute, find: (id: string) => Promise<BroadcastDeps>): void {
  for (const [verb, summary, answer, control] of verbs) {
    addRoute(
      {
        method: 'POST',
        path: `/broadcasts/:id/${verb}`,
        summary,
        tag,
        roles: operators,
        action: `broadcast.${verb}`,
        params,
        answers: { 200: ['how it is now', answer] },
        problems: [404, 409],
      },
      async ({ params: { id }, tell }) => {
        const deps = await find(id)
        const answer = await control(deps, id)
        tell({ account: deps.name, target: id })
        return answer
      },
    )
  }
  addRoute(
    {
      method: 'POST',
      path: '/broadcasts/:id/retry',
      summary: 'Send again to those who failed for a reason that can pass, or for the given one',
      tag,
      roles: operators,
      action: 'broadcast.retry',
      params,
      body: z.strictObject({ reason: historyFilterSchema.shape.reason }).prefault({}),
      answers: { 200: ['how many wait again', retryOutputSchema] },
      problems: [404, 409],
    },
    async ({ params: { id }, body: { reason }, tell }) => {
      const deps = await find(id)
      const answer = await retryOne(deps, id, reason)
      tell({ account: deps.name, target: id, detail: say('audit.retried', { retried: answer.retried }) })
      return answer
    },
  )
}

/** The id of one broadcast for all who ask with that key. */
function toBroadcastId(appid: string, key: string): string {
  return `b${createHash('sha256').update(`${appid} ${key}`).digest('hex').slice(0, 20)}`
}

/** A line that is no object names nobody, and so the audience refuses it. */
async function* readRows(stream: Readable, language: Language): AsyncGenerator<Record<string, unknown>> {
  for await (const line of readNdjson(stream, language)) {
    yield rowSchema.safeParse('message' in line ? line.message : undefined).data ?? {}
  }
}

const rowSchema = z.record(z.string(), z.unknown())

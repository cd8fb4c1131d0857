import type { FastifyRequest } from 'fastify'
import * as z from 'zod'
import { apiRoles } from '../../../base/api/apiKeys.ts'
import { say } from '../../../base/sentences/sentence.ts'
import { cancelAmong, cancelOutputSchema } from '../../../operations/cancel.ts'
import { enqueue } from '../../../operations/enqueue/enqueue.ts'
import { pushOutputSchema } from '../../../operations/push.ts'
import { retryNamed, retryOutputSchema } from '../../../operations/retry.ts'
import { findPushAmong } from '../../../operations/show.ts'
import { pushRecordSchema } from '../../../push/recordSchema.ts'
import { type ApiAccount, chooseAccounts, toAuditAccount } from '../accounts.ts'
import { idempotencyKeyHeader, readIdempotencyKey } from '../idempotencyKey.ts'
import { ProblemError } from '../problems/problem.ts'
import { toBadInput } from '../problems/toProblemError.ts'
import { accountQuery } from '../reads.ts'
import { type AddRoute, operators } from '../route.ts'
import { pushBodySchema } from './pushBody.ts'

interface PushRoutesDeps {
  accounts(): readonly ApiAccount[]
}

const params = z.object({ id: z.string() })
const shownPushSchema = pushRecordSchema.extend({
  way: z
    .array(pushRecordSchema)
    .optional()
    .describe('its records in the accounts that it was offered to, in their order'),
})
const tag = 'pushes'

/** One push. */
export function pushRoutes(addRoute: AddRoute, { accounts }: PushRoutesDeps): void {
  addRoute(
    {
      method: 'POST',
      path: '/pushes',
      summary: 'Queue one push',
      description:
        'With an id, in the body or as Idempotency-Key, it is one push however often it is sent: repeated it is a `duplicate`, with another content it is refused (409), for as long as its record lives.',
      tag,
      roles: ['push', 'operate'],
      action: 'push',
      headers: idempotencyKeyHeader('stands for `id`'),
      body: pushBodySchema,
      answers: { 202: ['it is queued, or was before', pushOutputSchema] },
      problems: [409],
    },
    async ({ body, request, tell }) => {
      const chosen = chooseAccounts(accounts(), undefined)
      const answer = await enqueue(chosen, withKey(body, request))
      if (answer.status !== 'other_content') {
        const detail = say(`audit.push_${answer.status}`)
        tell({ account: toAuditAccount(chosen, body.account), target: answer.id, detail })
        return answer
      }
      throw toConflict(answer.id)
    },
  )
  addRoute(
    {
      method: 'GET',
      path: '/pushes/:id',
      summary: 'What has become of a push',
      tag,
      roles: apiRoles,
      params,
      query: accountQuery,
      answers: { 200: ['its record', shownPushSchema] },
      problems: [404],
    },
    async ({ params: { id }, query }) => {
      const push = await findPushAmong(chooseAccounts(accounts(), query.account), id)
      if (!push) throw toUnknown(id)
      return push
    },
  )
  addRoute(
    {
      method: 'POST',
      path: '/pushes/:id/cancel',
      summary: 'Take back a push that is not sent yet',
      tag,
      roles: operators,
      action: 'cancel',
      params,
      query: accountQuery,
      answers: { 200: ['it is, or it is too late', cancelOutputSchema] },
      problems: [404],
    },
    async ({ params: { id }, query, tell }) => {
      const { answer, account } = await cancelAmong(chooseAccounts(accounts(), query.account), id)
      if (answer.status === 'not_found') throw toUnknown(id)
      const detail = say(`audit.push_${answer.status}`)
      tell({ account, target: id, detail })
      return answer
    },
  )
  addRoute(
    {
      method: 'POST',
      path: '/pushes/:id/retry',
      summary: 'Send a push that failed once more, as a new message',
      tag,
      roles: operators,
      action: 'retry',
      params,
      query: accountQuery,
      answers: { 200: ['1 when it is queued again, 0 when it has not failed', retryOutputSchema] },
      problems: [404],
    },
    async ({ params: { id }, query, tell }) => {
      const chosen = chooseAccounts(accounts(), query.account)
      const { answer, left, owners } = await retryNamed(chosen, { ids: [id] })
      if (left.some(({ status }) => status === undefined)) throw toUnknown(id)
      tell({ account: owners[0], target: id, detail: say('audit.retried', { retried: answer.retried }) })
      return answer
    },
  )
}

/** `Idempotency-Key` stands for the id. */
function withKey(body: Record<string, unknown>, request: FastifyRequest): Record<string, unknown> {
  const id = readIdempotencyKey(request)
  if (id === undefined) return body
  if (body.id === undefined) return { ...body, id }
  if (body.id === id) return body
  throw toBadInput([{ pointer: '/id', message: say('field.otherKey') }])
}

function toConflict(id: string): ProblemError {
  const errors = [{ pointer: '/id', message: say('field.otherContent') }]
  return new ProblemError(409, say('http.other_content', { id }), { errors })
}

function toUnknown(id: string): ProblemError {
  return new ProblemError(404, say('http.unknown_push', { id }))
}

import * as z from 'zod'
import type { Language } from '../../../base/sentences/language.ts'
import { say } from '../../../base/sentences/sentence.ts'
import {
  enqueueMany,
  findBatchProblems,
  type IndexedMessage,
  pushManyOutputSchema,
} from '../../../operations/enqueue/enqueueMany.ts'
import type { PushManyReceipt } from '../../../push/pushAnswers.ts'
import { type ApiAccount, chooseAccounts, toAuditAccount } from '../accounts.ts'
import { idempotencyKeyHeader, readIdempotencyKey } from '../idempotencyKey.ts'
import { ndjsonTypes, readNdjson } from '../ndjson.ts'
import { ProblemError } from '../problems/problem.ts'
import { toFieldFault } from '../problems/toProblemError.ts'
import type { AddRoute } from '../route.ts'
import { pushBodySchema } from './pushBody.ts'

interface BatchRoutesDeps {
  accounts(): readonly ApiAccount[]
}

const bodyLimit = 10 * 1024 * 1024
const mostPushes = 1_000
const chunkSize = 500
/** A stream with more of them is not what it should be, and they would fill the memory. */
const mostInvalid = 10_000

const batchBody = z.strictObject({
  pushes: z
    .array(z.unknown())
    .min(1)
    .max(mostPushes)
    .meta({ items: z.toJSONSchema(pushBodySchema) }),
  mode: z
    .enum(['permissive', 'strict'])
    .default('permissive')
    .describe('strict: all of them or none; permissive: the good ones'),
})

/** Many pushes in one request. */
export function batchRoutes(addRoute: AddRoute, { accounts }: BatchRoutesDeps): void {
  addRoute(
    {
      method: 'POST',
      path: '/pushes/batch',
      summary: 'Queue many pushes',
      description: `Up to ${mostPushes} as JSON, or any number as NDJSON, one message a line of at most 64 KB, which are queued as they come and always permissive; \`index\` counts lines from 0, blank ones not counted.`,
      tag: 'pushes',
      roles: ['push', 'operate'],
      action: 'push.batch',
      headers: idempotencyKeyHeader('messages without an id get `<key>:<index>`'),
      body: batchBody,
      bodyLimit,
      streamTypes: ndjsonTypes,
      answers: { 202: ['what became of them', pushManyOutputSchema] },
      problems: [409],
    },
    async ({ body, stream, language, tell, request }) => {
      const chosen = chooseAccounts(accounts(), undefined)
      const identify = createIdentify(readIdempotencyKey(request))
      const receipt: PushManyReceipt = { queued: 0, duplicates: 0, invalid: [] }
      try {
        if (stream)
          await enqueueStream(chosen, identify.lines(readNdjson(stream, language)), receipt, language)
        else await enqueueBatch(chosen, { ...body, pushes: body.pushes.map(identify.one) }, receipt, language)
      } finally {
        const { queued, duplicates, invalid } = receipt
        const detail = say('audit.queued', { queued, duplicates, invalid: invalid.length })
        if (queued + duplicates > 0) tell({ account: toAuditAccount(chosen, undefined), detail })
      }
      receipt.invalid.sort((a, b) => a.index - b.index)
      return receipt
    },
  )
}

/** With the key of a batch whatever has no id gets one, so that a batch that is repeated as a whole is sent once. */
function createIdentify(key: string | undefined) {
  function one(message: unknown, index: number): unknown {
    if (key === undefined || message === null || typeof message !== 'object' || Array.isArray(message)) {
      return message
    }
    return 'id' in message && message.id !== undefined ? message : { ...message, id: `${key}:${index}` }
  }
  return {
    one,
    async *lines(messages: AsyncIterable<IndexedMessage>): AsyncGenerator<IndexedMessage> {
      for await (const item of messages) {
        yield 'message' in item ? { ...item, message: one(item.message, item.index) } : item
      }
    },
  }
}

async function enqueueBatch(
  accounts: readonly ApiAccount[],
  { pushes, mode }: z.output<typeof batchBody>,
  receipt: PushManyReceipt,
  language: Language,
): Promise<void> {
  if (mode === 'strict') await throwUnlessAllGood(accounts, pushes)
  const messages = pushes.map((message, index) => ({ index, message }))
  for (let start = 0; start < messages.length; start += chunkSize) {
    await enqueueMany(accounts, messages.slice(start, start + chunkSize), receipt, language)
  }
}

async function throwUnlessAllGood(
  accounts: readonly ApiAccount[],
  pushes: readonly unknown[],
): Promise<void> {
  const problems = await findBatchProblems(accounts, pushes)
  if (problems.length === 0) return
  const errors = problems.map(({ index, problem }) => toFieldFault(problem, `/pushes/${index}`))
  const status = problems.every(({ isConflict }) => isConflict) ? 409 : 400
  throw new ProblemError(status, say('http.batch_refused', { problems: errors.length }), { errors })
}

/** A chunk at a time: nothing more is read from the connection while one is being queued. */
async function enqueueStream(
  accounts: readonly ApiAccount[],
  messages: AsyncIterable<IndexedMessage>,
  receipt: PushManyReceipt,
  language: Language,
): Promise<void> {
  let chunk: IndexedMessage[] = []
  for await (const message of messages) {
    if (chunk.push(message) < chunkSize) continue
    await enqueueMany(accounts, chunk, receipt, language)
    chunk = []
    if (receipt.invalid.length > mostInvalid) throw toTooManyInvalid(receipt)
  }
  await enqueueMany(accounts, chunk, receipt, language)
}

function toTooManyInvalid({ queued, invalid }: PushManyReceipt): ProblemError {
  const errors = invalid.slice(0, 100).map(({ index, reason }) => ({ pointer: `/${index}`, message: reason }))
  return new ProblemError(400, say('http.too_many_invalid', { invalid: invalid.length, queued }), { errors })
}

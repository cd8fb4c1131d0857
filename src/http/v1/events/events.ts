import * as z from 'zod'
import type { Log } from '../../../base/log.ts'
import { languages } from '../../../base/sentences/language.ts'
import { say } from '../../../base/sentences/sentence.ts'
import type { ChangesAccount } from '../../../operations/reports/changes.ts'
import { toAcceptedLanguage } from '../language.ts'
import { ProblemError } from '../problems/problem.ts'
import { type AddRoute, readers } from '../route.ts'
import { createFeed } from './feed.ts'

interface EventRoutesDeps {
  accounts(): readonly ChangesAccount[]
  /** Ends every stream. */
  stop: AbortSignal
  log: Log
}

const mostClients = 500

/** What changes, as server-sent events. */
export function eventRoutes(addRoute: AddRoute, { accounts, stop, log }: EventRoutesDeps): void {
  const feed = createFeed({ accounts, log })
  stop.addEventListener('abort', () => feed.close())
  addRoute(
    {
      method: 'GET',
      isEndless: true,
      path: '/events',
      summary: 'What changes, as server-sent events',
      description:
        'Once a second, what has changed: `status` as /v1/status, `push` the record of a push that was sent or has ended, `broadcast` as /v1/broadcasts/:id. Last-Event-ID resumes. Whoever reads too slowly is let go, and when very much happens at once not every push is told: lists have them all.',
      tag: 'api',
      roles: readers,
      headers: z.object({ 'last-event-id': z.string().optional() }),
      query: z.strictObject({
        language: z
          .enum(languages)
          .optional()
          .describe('instead of Accept-Language, which pages cannot set for an EventSource'),
      }),
      answers: { 200: ['a stream without an end', z.string(), 'text/event-stream'] },
    },
    async ({ query, request, reply }) => {
      if (feed.count() >= mostClients) {
        throw new ProblemError(503, say('http.busy', { why: say('busy.clients', { count: mostClients }) }))
      }
      const last = request.headers['last-event-id']
      reply.hijack()
      reply.raw.writeHead(200, {
        ...Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)),
        'content-type': 'text/event-stream; charset=utf-8',
        // Nginx would keep events until its buffer is full.
        'x-accel-buffering': 'no',
      })
      const language = query.language ?? toAcceptedLanguage(request.headers['accept-language'])
      await feed.add(reply.raw, language, typeof last === 'string' ? last : undefined)
    },
  )
}

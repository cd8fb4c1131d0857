import * as z from 'zod'
import type { Log } from '../../../base/log.ts'
import { say } from '../../../base/sentences/sentence.ts'
import type { ChangesAccount } from '../../../operations/reports/changes.ts'
import { ProblemError } from '../problem.ts'
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
      path: '/events',
      summary: 'What changes, as server-sent events',
      description:
        'Once a second, what has changed: `status` as /v1/status, `push` the record of a push that was sent or has ended, `broadcast` as /v1/broadcasts/:id. Last-Event-ID resumes. Whoever reads too slowly is let go, and when very much happens at once not every push is told: lists have them all.',
      tag: 'api',
      roles: readers,
      headers: z.object({ 'last-event-id': z.string().optional() }),
      answers: { 200: ['a stream without an end', z.string(), 'text/event-stream'] },
    },
    async ({ request, reply }) => {
      if (feed.count() >= mostClients) {
        throw new ProblemError(503, say('http.busy', { why: `${mostClients} clients listen already` }))
      }
      const last = request.headers['last-event-id']
      reply.hijack()
      reply.raw.writeHead(200, {
        ...Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)),
        'content-type': 'text/event-stream; charset=utf-8',
        // Nginx would keep events until its buffer is full.
        'x-accel-buffering': 'no',
      })
      await feed.add(reply.raw, typeof last === 'string' ? last : undefined)
    },
  )
}

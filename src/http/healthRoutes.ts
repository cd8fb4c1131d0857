import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { type Readiness, readinessSchema } from '../operations/monitoring/readiness.ts'

interface HealthRoutesOptions {
  checkReadiness(): Promise<Readiness>
}

const { $schema: _, ...readiness } = z.toJSONSchema(readinessSchema, { target: 'openapi-3.0' })
const tags = ['health']

/** `/healthz` says that the process lives, `/readyz` whether it can do its work. */
export async function healthRoutes(
  app: FastifyInstance,
  { checkReadiness }: HealthRoutesOptions,
): Promise<void> {
  app.get(
    '/healthz',
    {
      exposeHeadRoute: true,
      schema: {
        tags,
        summary: 'The process lives',
        response: { 200: { type: 'object', properties: { ok: { type: 'boolean' } } } },
      },
    },
    () => ({ ok: true }),
  )
  app.get(
    '/readyz',
    {
      exposeHeadRoute: true,
      schema: { tags, summary: 'It can do its work', response: { 200: readiness, 503: readiness } },
    },
    async (_, reply) => {
      const answer = await checkReadiness()
      return reply.code(answer.ok ? 200 : 503).send(answer)
    },
  )
}

import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { RequestError } from './requestError.ts'

export interface MetricsRouteOptions {
  contentType: string
  render(): Promise<string>
  /** Whoever asks has to know it; undefined = everybody may. */
  key: string | undefined
}

/** `/metrics` for Prometheus. */
export async function metricsRoute(
  app: FastifyInstance,
  { contentType, render, key }: MetricsRouteOptions,
): Promise<void> {
  app.get('/metrics', { exposeHeadRoute: true, schema: { hide: true } }, async ({ headers }, reply) => {
    if (key !== undefined && !isSame(headers.authorization ?? '', `Bearer ${key}`)) throw unauthorized
    return reply.type(contentType).send(await render())
  })
}

const unauthorized = new RequestError({
  status: 401,
  code: 'unauthorized',
  message: 'METRICS_KEY as Authorization: Bearer is missing or wrong',
})

/** In a time that tells nothing of the key. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(hash('sha256', given, 'buffer'), hash('sha256', wanted, 'buffer'))
}

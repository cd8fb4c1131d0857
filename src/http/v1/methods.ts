import type { FastifyInstance } from 'fastify'
import { say } from '../../base/sentences/sentence.ts'
import { ProblemError } from './problems/problem.ts'

/**
 * Remembers which methods the paths take that are added from now on. What is returned refuses all others there, and tells
 * those in `Allow` (RFC 9110, 15.5.6).
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const allowed = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ routePath, method }) => {
    const methods = allowed.get(routePath) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    allowed.set(routePath, methods)
  })
  return () => {
    for (const [url, methods] of [...allowed]) {
      const allow = [...methods].sort().join(', ')
      app.route({
        method: app.supportedMethods.filter((method) => !methods.has(method)),
        url,
        schema: { hide: true },
        // Before a body is looked at.
        async onRequest({ method, url: asked }) {
          const facts = { method, path: asked.split('?')[0] ?? '', allow }
          throw new ProblemError(405, say('http.method', facts), { allow })
        },
        handler: () => undefined,
      })
    }
  }
}

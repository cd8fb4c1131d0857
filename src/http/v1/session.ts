import type { FastifyInstance } from 'fastify'
import * as z from 'zod'
import { apiRoles } from '../../base/api/apiKeys.ts'
import { minute, second } from '../../base/duration.ts'
import { say } from '../../base/sentences/sentence.ts'
import { toIso } from '../../base/time.ts'
import type { Authentication } from './authentication.ts'
import { isOfPage, type LoginSessions, toCookie } from './loginSessions.ts'
import { ProblemError } from './problems/problem.ts'
import type { AddRoute } from './route.ts'

const loginSchema = z.strictObject({ key: z.string().max(256) })
const sessionSchema = z.strictObject({
  name: z.string().describe('of the key'),
  role: z.enum(apiRoles),
  expiresAt: z.iso
    .datetime()
    .nullable()
    .describe('of the session; null for a key that comes with each request'),
})

/** Wrong keys a minute from one address; then every login from there waits. */
const mostWrong = 5

interface SessionRoutesDeps {
  authentication: Authentication
  sessions: LoginSessions
}

/** Logging in and out of the page. */
export function sessionRoutes(
  app: FastifyInstance,
  addRoute: AddRoute,
  { authentication: { find, keyOf }, sessions }: SessionRoutesDeps,
): void {
  const wrong = createWrongTries()
  app.route({
    method: 'POST',
    url: '/session',
    schema: { hide: true },
    config: { isOpen: true },
    async handler(request, reply) {
      if (!isOfPage(request)) throw new ProblemError(403, say('http.other_site'))
      const { ip } = request
      const seconds = wrong.waitOf(ip)
      if (seconds > 0) {
        throw new ProblemError(429, say('http.too_many_logins', { seconds }), { retryAfterSeconds: seconds })
      }
      const key = find(loginSchema.parse(request.body).key.trim())
      if (!key) {
        wrong.count(ip)
        throw new ProblemError(401, say('http.key_unknown'))
      }
      // A session that was there before belongs to whoever had this browser before.
      sessions.end(request)
      const { token, expiresAt } = sessions.open(key)
      reply.header('set-cookie', toCookie(request, token, expiresAt))
      return { name: key.name, role: key.role, expiresAt: toIso(expiresAt) }
    },
  })
  addRoute(
    {
      method: 'GET',
      path: '/session',
      summary: 'Whose key it is, and what it may do',
      tag: 'api',
      roles: apiRoles,
      answers: { 200: ['the key', sessionSchema] },
    },
    ({ request }) => {
      const { name, role } = keyOf(request)
      return { name, role, expiresAt: toIso(sessions.find(request)?.expiresAt ?? null) }
    },
  )
  addRoute(
    {
      method: 'POST',
      path: '/session/end',
      summary: 'Log out of the page',
      tag: 'api',
      roles: apiRoles,
      body: z
        .strictObject({ everywhere: z.boolean().default(false).describe('every session of this key') })
        .prefault({}),
      answers: { 200: ['it is over', z.strictObject({ ended: z.literal(true) })] },
    },
    ({ request, reply, body: { everywhere } }) => {
      if (everywhere) sessions.endAll(keyOf(request))
      else sessions.end(request)
      reply.header('set-cookie', toCookie(request, '', 0))
      return { ended: true }
    },
  )
}

/** By address, for a minute from the first one on. */
function createWrongTries(now = Date.now) {
  const tries = new Map<string, { count: number; until: number }>()
  return {
    /** Seconds to wait; 0 = none. */
    waitOf(ip: string): number {
      const { count = 0, until = 0 } = tries.get(ip) ?? {}
      return count >= mostWrong ? Math.max(0, Math.ceil((until - now()) / second)) : 0
    },
    count(ip: string): void {
      for (const [address, { until }] of tries) if (until <= now()) tries.delete(address)
      const { count = 0, until = now() + minute } = tries.get(ip) ?? {}
      tries.set(ip, { count: count + 1, until })
    },
  }
}

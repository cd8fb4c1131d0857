import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ApiKey, ApiRole } from '../../base/api/apiKeys.ts'
import { minute } from '../../base/duration.ts'
import { say } from '../../base/sentences/sentence.ts'
import { isOfPage, type LoginSession, type LoginSessions } from './loginSessions.ts'
import { ProblemError } from './problems/problem.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whoever asks, with a key or without. */
    isOpen?: true
  }
}

/** Methods that change nothing. */
const safe = ['GET', 'HEAD']
/** Unknown keys a minute from one address. */
const mostUnknownKeys = 20

export interface Authentication {
  /** Who asks. Rejects with a ProblemError. */
  authenticate(request: FastifyRequest): Promise<void>
  /** Who has this key. */
  find(given: string): ApiKey | undefined
  /** The one who was let in. */
  keyOf(request: FastifyRequest): ApiKey
  /** @throws ProblemError when the key may not do this. */
  requireRole(request: FastifyRequest, roles: readonly ApiRole[]): void
}

/**
 * By `Authorization: Bearer <key>`, or by the cookie of the page, which counts as the key that it was had for. Whoever holds a key is never kept out by others behind the same address: no key can be
 * guessed, so the limit is there to keep guesses from costing anything.
 */
export function createAuthentication(
  app: FastifyInstance,
  keys: readonly ApiKey[],
  sessions: Pick<LoginSessions, 'find'>,
): Authentication {
  const known = keys.map((key) => ({ key, digest: toDigest(key.key) }))
  const callers = new WeakMap<FastifyRequest, ApiKey>()
  const countUnknown = app.createRateLimit({
    max: mostUnknownKeys,
    timeWindow: minute,
    keyGenerator: ({ ip }) => ip,
  })

  /** Every key is compared, each in a time that tells nothing of it. */
  function find(given: string): ApiKey | undefined {
    const digest = toDigest(given)
    let found: ApiKey | undefined
    for (const { key, digest: wanted } of known) if (timingSafeEqual(digest, wanted)) found = key
    return found
  }

  function keyOf(request: FastifyRequest): ApiKey {
    const key = callers.get(request)
    if (!key) throw new ProblemError(401, say('http.key_missing'))
    return key
  }

  /** A browser sends the cookie along whoever has it ask, so what changes something has to come from the page. */
  function authenticateByCookie(request: FastifyRequest): void {
    const session = sessions.find(request)
    if (!session) {
      throw new ProblemError(401, say(request.headers.cookie ? 'http.session_over' : 'http.key_missing'))
    }
    if (!safe.includes(request.method) && !isOfPage(request))
      throw new ProblemError(403, say('http.other_site'))
    callers.set(request, session.key)
    if (request.headers.accept === 'text/event-stream') endWith(session, request)
  }

  return {
    find,
    async authenticate(request) {
      const given = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
      if (given === undefined) return authenticateByCookie(request)
      const key = find(given)
      if (key) {
        callers.set(request, key)
        return
      }
      const count = await countUnknown(request)
      if (count.isAllowed || !count.isExceeded) throw new ProblemError(401, say('http.key_unknown'))
      const { ttlInSeconds: seconds } = count
      throw new ProblemError(429, say('http.too_many_unknown_keys', { ip: request.ip, seconds }), {
        retryAfterSeconds: seconds,
      })
    },
    keyOf,
    requireRole(request, roles) {
      const { name, role } = keyOf(request)
      if (!roles.includes(role)) {
        throw new ProblemError(403, say('http.role', { name, role, needed: roles.join(', ') }))
      }
    },
  }
}

function toDigest(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

/** A stream outlives the question whether it may be had, but not the session. */
function endWith({ ended, expiresAt }: LoginSession, { raw }: FastifyRequest): void {
  const end = () => raw.destroy()
  const timer = setTimeout(end, expiresAt - Date.now())
  ended.signal.addEventListener('abort', end)
  raw.socket.once('close', () => {
    clearTimeout(timer)
    ended.signal.removeEventListener('abort', end)
  })
}

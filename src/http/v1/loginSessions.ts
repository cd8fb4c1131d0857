import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { ApiKey } from '../../base/api/apiKeys.ts'
import { hour } from '../../base/duration.ts'

export interface LoginSession {
  key: ApiKey
  expiresAt: number
  /** Aborted when somebody logs out. */
  ended: AbortController
}

export interface LoginSessions {
  /** The token for the cookie. */
  open(key: ApiKey): { token: string; expiresAt: number }
  find(request: FastifyRequest): LoginSession | undefined
  end(request: FastifyRequest): void
  /** All that were opened with the key. */
  endAll(key: ApiKey): void
}

/** However busy the page is; then the key is asked for again. */
const life = 12 * hour
/** Of one key; a script that logs in again and again pushes out its own. */
const mostOfKey = 200
const cookie = 'unionpush_session'

/**
 * Who is logged in on the page. They live in this process alone: what is ended is ended at once and for good, nothing that
 * opens the program lies on a disk, and after a restart the page asks for the key again.
 */
export function createLoginSessions(now = () => Date.now()): LoginSessions {
  const sessions = new Map<string, LoginSession>()

  function end(token: string): void {
    sessions.get(token)?.ended.abort()
    sessions.delete(token)
  }

  function endWhere(isOver: (session: LoginSession) => boolean): void {
    for (const [token, session] of sessions) if (isOver(session)) end(token)
  }

  return {
    open(key) {
      endWhere(({ expiresAt }) => expiresAt <= now())
      const own = [...sessions].filter(([, session]) => session.key === key)
      for (const [token] of own.slice(0, Math.max(0, own.length - mostOfKey + 1))) end(token)
      const token = randomBytes(32).toString('base64url')
      const expiresAt = now() + life
      sessions.set(token, { key, expiresAt, ended: new AbortController() })
      return { token, expiresAt }
    },
    find(request) {
      const session = sessions.get(readToken(request) ?? '')
      return session && session.expiresAt > now() ? session : undefined
    },
    end(request) {
      end(readToken(request) ?? '')
    },
    endAll(key) {
      endWhere((session) => session.key === key)
    },
  }
}

/** No script can read it, no other site can have it sent. Over TLS it never travels without. */
export function toCookie({ protocol }: FastifyRequest, token: string, expiresAt: number): string {
  const seconds = Math.max(0, Math.floor((expiresAt - Date.now()) / 1_000))
  const secure = protocol === 'https' ? '; Secure' : ''
  return `${cookie}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`
}

function readToken({ headers }: FastifyRequest): string | undefined {
  return new RegExp(`(?:^|;) *${cookie}=([\\w-]{1,64})`).exec(headers.cookie ?? '')?.[1]
}

/** Whether the browser says that the page itself asks; a form or a script of another site can have neither of both. */
export function isOfPage({ headers, protocol }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  const origin = headers.origin
  const isOwn = site === undefined ? origin === `${protocol}://${headers.host}` : site === 'same-origin'
  return isOwn && headers['x-unionpush-page'] !== undefined
}

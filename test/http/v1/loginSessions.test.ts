import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { createLoginSessions } from '../../../src/http/v1/loginSessions.ts'

const key = { name: 'a', role: 'view', key: 'a-key-0123456789abcdef01' } as const

/** What a browser that holds the token asks with. */
async function withCookie<T>(
  token: string,
  use: (request: Parameters<typeof sessions.find>[0]) => T,
): Promise<T> {
  const app = fastify()
  let seen: T | undefined
  app.get('/', async (request) => {
    seen = use(request)
  })
  await app.inject({ url: '/', headers: { cookie: `other=1; unionpush_session=${token}` } })
  return seen as T
}

let now = 0
const sessions = createLoginSessions(() => now)

test('a session is over after twelve hours, however often it was used', async () => {
  const { token } = sessions.open(key)
  const isOpen = () => withCookie(token, (request) => sessions.find(request) !== undefined)
  now = 12 * 3_600_000 - 1
  expect(await isOpen()).toBe(true)
  now += 1
  expect(await isOpen()).toBe(false)
})

test('a script that logs in again and again pushes out its own sessions, not those of others', async () => {
  const other = { ...key, name: 'b', key: 'b-key-0123456789abcdef01' }
  const kept = sessions.open(other).token
  const first = sessions.open(key).token
  for (let n = 0; n < 200; n += 1) sessions.open(key)
  const isOpen = (token: string) => withCookie(token, (request) => sessions.find(request) !== undefined)
  expect([await isOpen(kept), await isOpen(first)]).toEqual([true, false])
})

import { expect, test } from 'vitest'
import { type ApiWorld, apiKeys, startApiWorld } from '../../helpers/apiWorld.ts'

/** What the browser adds to the questions of the page. */
const ofPage = { 'sec-fetch-site': 'same-origin', 'x-unionpush-page': '1' }

function logIn({ post }: ApiWorld, key: string, headers: Record<string, string> = {}) {
  return post('/v1/session', { key }, { key: null, headers: { ...ofPage, ...headers } })
}

async function getCookie(world: ApiWorld, key: string): Promise<string> {
  const { headers } = await logIn(world, key)
  return headers.get('set-cookie')?.split(';')[0] ?? ''
}

test('a key opens a session, whose cookie counts as that key', async () => {
  const world = await startApiWorld({ synced: false })
  const { status, headers, body } = await logIn(world, apiKeys.view)
  expect([status, body.name, body.role]).toEqual([200, 'viewer', 'view'])
  const life = Date.parse(body.expiresAt) - Date.now()
  expect(life).toBeLessThanOrEqual(12 * 3_600_000)
  expect(life).toBeGreaterThan(11 * 3_600_000)
  const attributes = headers.get('set-cookie')?.split('; ').slice(1)
  expect(attributes).toEqual([
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    expect.stringMatching(/^Max-Age=\d+$/),
  ])
  const cookie = headers.get('set-cookie')?.split(';')[0] ?? ''
  const ask = { key: null, headers: { cookie, ...ofPage } }
  expect((await world.get('/v1/status', ask)).status).toBe(200)
  expect((await world.send('HEAD', '/v1/status', { key: null, headers: { cookie } })).status).toBe(200)
  expect((await world.get('/v1/session', ask)).body).toMatchObject({ name: 'viewer', role: 'view' })
  expect((await world.post('/v1/pause', {}, ask)).status).toBe(403)
  expect(JSON.stringify(world.lines)).not.toContain(apiKeys.view)
})

test('behind TLS the cookie never travels without', async () => {
  const world = await startApiWorld({ synced: false })
  const { headers } = await logIn(world, apiKeys.view, { 'x-forwarded-proto': 'https' })
  expect(headers.get('set-cookie')).toMatch(/; Secure$/)
})

test('after 5 wrong keys within a minute an address waits, also with a right one', async () => {
  const world = await startApiWorld({ synced: false })
  for (let n = 0; n < 5; n += 1) expect((await logIn(world, `wrong-${n}`)).status).toBe(401)
  const { status, headers } = await logIn(world, 'wrong-5')
  expect(status).toBe(429)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await logIn(world, apiKeys.view)).status).toBe(429)
  expect((await logIn(world, apiKeys.view, { 'x-forwarded-for': '203.0.113.7' })).status).toBe(200)
})

test.each([
  ['another site', { 'sec-fetch-site': 'cross-site', 'x-unionpush-page': '1' }],
  ['another host of the same site', { 'sec-fetch-site': 'same-site', 'x-unionpush-page': '1' }],
  ['a form', { 'sec-fetch-site': 'same-origin' }],
  ['an older browser on another site', { origin: 'https://evil.example', 'x-unionpush-page': '1' }],
])('what changes something is refused when %s sends the cookie', async (_, headers) => {
  const world = await startApiWorld({ synced: false })
  const cookie = await getCookie(world, apiKeys.operate)
  const { status, body } = await world.post('/v1/pause', {}, { key: null, headers: { cookie, ...headers } })
  expect([status, body.type]).toEqual([403, 'urn:unionpush:other_site'])
  expect((await world.get('/v1/status')).body.accounts[0].paused).toBeNull()
  const own = { cookie, origin: world.url, 'x-unionpush-page': '1' }
  expect((await world.post('/v1/pause', {}, { key: null, headers: own })).status).toBe(200)
})

test('logging out ends this session, and everywhere all of the same key', async () => {
  const world = await startApiWorld({ synced: false })
  const [one, two, three] = [apiKeys.view, apiKeys.view, apiKeys.view]
  const cookies = await Promise.all([one, two, three].map((key) => getCookie(world, key)))
  const other = await getCookie(world, apiKeys.operate)
  const looks = () =>
    Promise.all(
      [...cookies, other].map(
        async (cookie) => (await world.get('/v1/session', { key: null, headers: { cookie } })).status,
      ),
    )
  const end = (cookie = '', body = {}) =>
    world.post('/v1/session/end', body, { key: null, headers: { cookie, ...ofPage } })
  expect(await looks()).toEqual([200, 200, 200, 200])
  expect((await end(cookies[0])).headers.get('set-cookie')).toMatch(/session=; .*Max-Age=0/)
  expect(await looks()).toEqual([401, 200, 200, 200])
  await end(cookies[1], { everywhere: true })
  expect(await looks()).toEqual([401, 401, 401, 200])
  const { body } = await world.get('/v1/session', { key: null, headers: { cookie: cookies[1] ?? '' } })
  expect(body.type).toBe('urn:unionpush:session_over')
})

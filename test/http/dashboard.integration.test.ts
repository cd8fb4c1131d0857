import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { dashboardRoutes } from '../../src/http/dashboard.ts'
import { startHttpServer } from '../../src/http/server.ts'
import { startApiWorld } from '../helpers/apiWorld.ts'
import { createTestLog } from '../helpers/pushing.ts'

const limit = 60_000

test('the page and its files are small, compressed, and kept by the browser', async () => {
  const { url } = await startApiWorld({ synced: false })
  const page = await fetch(`${url}/`)
  expect(page.headers.get('cache-control')).toBe('no-cache')
  const html = await page.text()
  const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path)
  expect(paths.filter((path) => /^\/assets\/\w+-\w+\.(js|css|svg)$/.test(path))).toEqual(paths)
  expect(paths).toHaveLength(3)
  let size = 0
  for (const path of paths) {
    const answer = await fetch(url + path, { headers: { 'accept-encoding': 'identity' } })
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    if (!path.endsWith('.svg')) size += gzipSync(await answer.text()).length
  }
  expect(size).toBeGreaterThan(20 * 1024)
  expect(size).toBeLessThanOrEqual(limit)
})

test('browsers get brotli or gzip, and nothing twice', async () => {
  const { url } = await startApiWorld({ synced: false })
  const ask = (headers: Record<string, string>) => fetch(`${url}/`, { headers })
  const plain = await (await ask({ 'accept-encoding': 'identity' })).text()
  for (const encoding of ['br', 'gzip']) {
    const answer = await ask({ 'accept-encoding': encoding })
    expect(answer.headers.get('content-encoding')).toBe(encoding)
    expect(await answer.text()).toBe(plain)
  }
  const etag = (await ask({})).headers.get('etag') ?? ''
  expect((await ask({ 'if-none-match': etag })).status).toBe(304)
  const head = await fetch(`${url}/`, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('it may ask nobody else, and nobody may put it into another page', async () => {
  const { url } = await startApiWorld({ synced: false })
  const { headers } = await fetch(`${url}/`)
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'self'; .*frame-ancestors 'none'$/)
  expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|data:/)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
})

test('without keys there is no page; what is not there is not found', async () => {
  const { url } = await startApiWorld({ env: { HTTP_API_KEYS: '' }, synced: false })
  expect((await fetch(`${url}/`)).status).toBe(404)
  const { url: served } = await startApiWorld({ synced: false })
  expect((await fetch(`${served}/assets/page-none.js`)).status).toBe(404)
  expect((await fetch(`${served}/assets/..%2findex.html`)).status).toBe(404)
})

test('a page that is not built says so, and is there as soon as it is', async () => {
  const { log, lines } = createTestLog()
  let load = () => Promise.reject<Map<string, Buffer>>(new Error('ENOENT'))
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    routes: async (app) => void (await app.register(dashboardRoutes, { log, load: () => load() })),
  })
  try {
    const missing = await fetch(`${server.url}/`)
    expect([missing.status, await missing.text()]).toEqual([
      503,
      expect.stringMatching(/npm run build.*\n网页/),
    ])
    expect(lines).toMatchObject([{ msg: 'page is not there' }])
    load = async () => new Map([['index.html', Buffer.from('<p>here')]])
    const there = await fetch(`${server.url}/`, { headers: { 'accept-encoding': 'br' } })
    expect([there.status, await there.text()]).toEqual([200, '<p>here'])
  } finally {
    await server.close()
  }
})

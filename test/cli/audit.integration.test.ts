import { expect, test } from 'vitest'
import { startCliWorld } from '../helpers/cliWorld.ts'

test('a server with nothing but the API serves it, and audit tells what was changed over it', async () => {
  const world = await startCliWorld()
  const key = 'operate-key-0123456789abcdef'
  const serve = await world.service('serve', { HTTP_PORT: '0', HTTP_API_KEYS: `ops:operate:${key}` })
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(serve.stderr())?.[0] ?? ''
  const change = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    return (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).status
  }
  expect(await change('/v1/pause', { reason: 'holiday' })).toBe(200)
  expect(await change('/v1/resume', {})).toBe(200)
  const entry = {
    at: expect.any(String),
    keyName: 'ops',
    role: 'operate',
    account: world.appid,
    target: null,
  }
  const pause = { ...entry, action: 'pause', detail: 'holiday' }
  expect(await world.lines(['audit'])).toEqual([{ ...entry, action: 'resume', detail: null }, pause])
  expect(await world.lines(['audit', '--limit', '1', '--account', world.appid])).toHaveLength(1)
  expect((await world.run(['audit', '--since', '1h'])).stdout).toMatch(/ops \(operate\) {2}pause .* holiday/)
  expect(serve.stderr() + serve.stdout()).not.toContain(key)
}, 120_000)

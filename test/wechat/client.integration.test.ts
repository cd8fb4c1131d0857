import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createWechatClient } from '../../src/wechat/client.ts'
import { WechatApiError, WechatNetworkError } from '../../src/wechat/errors.ts'
import { createGotTransport } from '../../src/wechat/transport/gotTransport.ts'
import { createUndiciTransport } from '../../src/wechat/transport/undiciTransport.ts'
import { findClosedBase, startScriptedServer } from '../helpers/scriptedServer.ts'

const proxy = { http: undefined, https: undefined, none: undefined }
const request = { method: 'GET', path: '/cgi-bin/x' } as const

const good = (response: ServerResponse) => response.end('{"errcode":0}')
const bad = (response: ServerResponse) => response.writeHead(502).end()

function openClient(bases: string[]) {
  const lines: Record<string, unknown>[] = []
  const clock = { now: 1_000_000 }
  const client = createWechatClient({
    bases,
    transport: createGotTransport({ proxy }),
    hotTransport: createUndiciTransport({ proxy }),
    log: pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) }),
    now: () => clock.now,
  })
  onTestFinished(() => client.close())
  const outcome = async (hot = false) => {
    try {
      await client.call({ ...request, hot })
      return 'ok'
    } catch (error) {
      if (error instanceof WechatNetworkError) return error.kind
      if (error instanceof WechatApiError) return error.errcode
      throw error
    }
  }
  return { client, clock, lines, outcome }
}

describe('an errcode', () => {
  test.each(['{"errcode":45011,"errmsg":"e"}', '{"errcode":"45011","errmsg":"e"}'])(
    'in %s is the error',
    async (body) => {
      const server = await startScriptedServer((response) => response.end(body))
      const { client } = openClient([server.base])
      await expect(client.call(request)).rejects.toMatchObject({
        errcode: 45011,
        errmsg: 'e',
        class: 'B',
        path: request.path,
      })
    },
  )

  test.each(['{"errcode":0}', '{"errcode":"0"}', '{"total":1}'])('is not in %s', async (body) => {
    const server = await startScriptedServer((response) => response.end(body))
    expect(await openClient([server.base]).outcome()).toBe('ok')
  })

  test('is never a reason to move to another base', async () => {
    const first = await startScriptedServer((response) =>
      response.end('{"errcode":-1,"errmsg":"system error"}'),
    )
    const second = await startScriptedServer(good)
    const { outcome } = openClient([first.base, second.base])
    for (let i = 0; i < 10; i++) expect(await outcome()).toBe(-1)
    expect(second.requests).toEqual([])
  })
})

describe('several bases', () => {
  test('the second one is used by everybody after three network failures in a row', async () => {
    const first = await startScriptedServer(bad)
    const second = await startScriptedServer(good)
    const { outcome, lines } = openClient([first.base, second.base])
    expect([await outcome(), await outcome(), await outcome()]).toEqual([
      'http_status',
      'http_status',
      'http_status',
    ])
    expect([await outcome(), await outcome(true)]).toEqual(['ok', 'ok'])
    expect([first.requests.length, second.requests.length]).toEqual([3, 2])
    expect(lines).toMatchObject([{ from: first.base, to: second.base }])
  })

  test('many failures at the same moment move everybody only once', async () => {
    const first = await startScriptedServer(bad)
    const second = await startScriptedServer(good)
    const third = await startScriptedServer(good)
    const { outcome, lines } = openClient([first.base, second.base, third.base])
    await Promise.all(Array.from({ length: 40 }, () => outcome()))
    expect(await outcome()).toBe('ok')
    expect([second.requests.length, third.requests.length]).toEqual([1, 0])
    expect(lines).toHaveLength(1)
  })

  test('failures with a good answer in between move nobody', async () => {
    let count = 0
    const first = await startScriptedServer((response) =>
      ++count % 3 === 0 ? good(response) : bad(response),
    )
    const second = await startScriptedServer(good)
    const { outcome } = openClient([first.base, second.base])
    for (let i = 0; i < 12; i++) await outcome()
    expect(second.requests).toEqual([])
  })

  test('a call that WeChat may have received is not repeated elsewhere', async () => {
    const first = await startScriptedServer((response) => response.socket?.destroy())
    const second = await startScriptedServer(good)
    const { outcome } = openClient([first.base, second.base])
    expect([await outcome(), await outcome(true)]).toEqual(['reset', 'reset'])
    expect(second.requests).toEqual([])
  })

  test('a call that never left goes to the next base at once, so nothing is lost', async () => {
    const second = await startScriptedServer(good)
    const { outcome, lines } = openClient([await findClosedBase(), second.base])
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => outcome(i % 2 === 0)))
    expect(new Set(outcomes)).toEqual(new Set(['ok']))
    expect(second.requests).toHaveLength(20)
    expect(lines).toHaveLength(1)
  })

  test('a call is given up when no base can be reached', async () => {
    const closed = [await findClosedBase(), await findClosedBase()]
    expect(await openClient(closed).outcome()).toBe('connect')
  })

  test('a call given up by its caller says nothing about the base', async () => {
    const first = await startScriptedServer(() => {})
    const second = await startScriptedServer(good)
    const { client } = openClient([first.base, second.base])
    for (let i = 0; i < 5; i++) {
      await expect(client.call({ ...request, signal: AbortSignal.abort() })).rejects.toMatchObject({
        kind: 'aborted',
      })
    }
    const last = new AbortController()
    const call = client.call({ ...request, signal: last.signal }).catch((error) => error)
    await vi.waitUntil(() => first.requests.length > 0)
    last.abort()
    expect(await call).toMatchObject({ kind: 'aborted' })
    expect([first.requests.length, second.requests.length]).toEqual([1, 0])
  })

  test('one call a minute tries the first one again, and everybody follows when it answers', async () => {
    let isUp = false
    const first = await startScriptedServer((response) => (isUp ? good(response) : bad(response)))
    const second = await startScriptedServer(good)
    const { outcome, clock, lines } = openClient([first.base, second.base])
    for (let i = 0; i < 3; i++) await outcome()
    clock.now += 59_000
    expect(await outcome()).toBe('ok')
    clock.now += 1_000
    expect([await outcome(), await outcome(), await outcome()]).toEqual(['http_status', 'ok', 'ok'])
    expect([first.requests.length, second.requests.length]).toEqual([4, 3])
    isUp = true
    clock.now += 60_000
    for (let i = 0; i < 5; i++) expect(await outcome()).toBe('ok')
    expect([first.requests.length, second.requests.length]).toEqual([9, 3])
    expect(lines).toMatchObject([{ to: second.base }, { to: first.base }])
  })

  test('a clock that was set back does not keep everybody away from the first one', async () => {
    const first = await startScriptedServer(bad)
    const second = await startScriptedServer(good)
    const { outcome, clock } = openClient([first.base, second.base])
    for (let i = 0; i < 3; i++) await outcome()
    clock.now -= 3_600_000
    expect([await outcome(), await outcome()]).toEqual(['http_status', 'ok'])
  })
})

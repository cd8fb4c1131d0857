import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { hour, minute } from '../../src/base/duration.ts'
import { say } from '../../src/base/sentences/sentence.ts'
import type { WechatRequest } from '../../src/wechat/client.ts'
import { WechatApiError, WechatNetworkError } from '../../src/wechat/errors.ts'
import { createTokenSource, type StoredToken, type TokenStore } from '../../src/wechat/token.ts'

const path = '/cgi-bin/stable_token'
const send = '/cgi-bin/message/template/send'
const start = 1_800_000_000_000
const refusedByWechat = new WechatApiError({ errcode: 40001, errmsg: 'not latest', path: send })

/** The platform's side: what it was asked and what it answers next. */
function createPlatform() {
  const requests: WechatRequest[] = []
  const platform = {
    requests,
    answer: async (): Promise<Record<string, unknown>> => ({
      access_token: `T${requests.length}`,
      expires_in: 7200,
    }),
    async call(request: WechatRequest) {
      requests.push(request)
      return { json: await platform.answer(), text: '', date: undefined }
    },
  }
  return platform
}

/** What the processes of one account share. */
function createStore(): TokenStore & { stored: StoredToken | undefined; loads: number } {
  return {
    stored: undefined,
    loads: 0,
    async load() {
      this.loads += 1
      return this.stored
    },
    async save(_appid, token) {
      if (this.stored === undefined || token.obtainedAt >= this.stored.obtainedAt) this.stored = token
    },
  }
}

function setUp() {
  const platform = createPlatform()
  const store = createStore()
  const clock = { now: start }
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line) => void lines.push(line) })
  const open = () =>
    createTokenSource({
      appid: 'wx1',
      secret: 'the-secret',
      client: platform,
      store,
      log,
      now: () => clock.now,
    })
  return { platform, store, clock, lines, open, tokens: open() }
}

describe('getting the token', () => {
  test('asks for a stable token in normal mode, once for all callers', async () => {
    const { platform, tokens, store } = setUp()
    const got = await Promise.all(Array.from({ length: 100 }, () => tokens.get()))
    expect(new Set(got)).toEqual(new Set(['T1']))
    expect(await tokens.get()).toBe('T1')
    const body = { grant_type: 'client_credential', appid: 'wx1', secret: 'the-secret' }
    expect(platform.requests).toEqual([{ method: 'POST', path, body }])
    expect(store.loads).toBe(1)
  })

  test('takes the token another process stored', async () => {
    const { platform, open, tokens } = setUp()
    await tokens.get()
    expect(await open().get()).toBe('T1')
    expect(platform.requests).toHaveLength(1)
  })

  test('shortly before the end of its life looks for a newer one, then fetches', async () => {
    const { platform, tokens, store, clock } = setUp()
    await tokens.get()
    clock.now += 2 * hour - minute - 1
    expect(await tokens.get()).toBe('T1')
    clock.now += 1
    store.stored = { token: 'other', obtainedAt: clock.now, expiresAt: clock.now + 2 * hour }
    expect(await tokens.get()).toBe('other')
    clock.now += 2 * hour
    expect(await tokens.get()).toBe('T2')
    expect(platform.requests).toHaveLength(2)
  })

  test('does not fetch at every call although the platform gives out short lives', async () => {
    const { platform, tokens, clock } = setUp()
    platform.answer = async () => ({ access_token: 'T', expires_in: 20 })
    for (let i = 0; i < 10; i++) {
      await tokens.get()
      clock.now += 1_000
    }
    expect(platform.requests).toHaveLength(1)
  })

  test('goes on with a token that cannot be stored, and says so without showing it', async () => {
    const { tokens, store, lines } = setUp()
    store.save = async () => {
      throw new Error('insert failed, params: T1, the-secret')
    }
    expect([await tokens.get(), await tokens.get()]).toEqual(['T1', 'T1'])
    expect(lines.join()).toContain('could not be stored')
    expect(lines.join()).not.toMatch(/T1|the-secret/)
  })
})

describe('a refused token', () => {
  test('is replaced by one fetch however many calls were refused', async () => {
    const { platform, tokens } = setUp()
    const bad = await tokens.get()
    const renewed = await Promise.all(Array.from({ length: 200 }, () => tokens.renew(bad)))
    expect(new Set(renewed)).toEqual(new Set(['T2']))
    expect([await tokens.get(), await tokens.renew(bad)]).toEqual(['T2', 'T2'])
    expect(platform.requests).toHaveLength(2)
  })

  test('is replaced by the one another process stored meanwhile', async () => {
    const { platform, tokens, open } = setUp()
    const bad = await tokens.get()
    const other = open()
    await other.renew(await other.get())
    expect(await tokens.renew(bad)).toBe('T2')
    expect(platform.requests).toHaveLength(2)
  })

  test('is replaced also when it is refused while it is being stored', async () => {
    const { tokens, store } = setUp()
    let onSaved = () => {}
    store.save = () => new Promise((resolve) => (onSaved = resolve))
    const first = tokens.get()
    await setImmediate()
    const second = tokens.get().then(tokens.renew)
    await setImmediate()
    onSaved()
    expect(await first).toBe('T1')
    store.save = async () => {}
    expect(await second).toBe('T2')
  })

  test('is not replaced by an older one that is still stored', async () => {
    const { tokens, store, clock } = setUp()
    store.save = async () => {}
    store.stored = { token: 'old', obtainedAt: clock.now - minute, expiresAt: clock.now + hour }
    await tokens.get()
    store.stored = { token: 'older', obtainedAt: clock.now - 2 * minute, expiresAt: clock.now + hour }
    expect(await tokens.renew('old')).toBe('T1')
  })

  test('is not handed out again while its replacement is on the way', async () => {
    const { platform, tokens } = setUp()
    const bad = await tokens.get()
    platform.answer = () => setImmediate({ access_token: 'new', expires_in: 7200 })
    expect(await Promise.all([tokens.renew(bad), tokens.get(), tokens.get()])).toEqual(['new', 'new', 'new'])
  })

  test('three times in a row is a fault of the account, and no reason to go on fetching', async () => {
    const { platform, tokens, clock } = setUp()
    let token = await tokens.get()
    const faults: WechatApiError[] = []
    for (let i = 0; i < 3; i++) {
      token = await tokens.renew(token)
      faults.push(tokens.toFault(refusedByWechat))
    }
    expect(faults.map((fault) => [fault.class, fault.tokenFruitless, fault.path])).toEqual([
      ['T', false, send],
      ['T', false, send],
      ['A', true, path],
    ])
    await expect(tokens.renew(token)).rejects.toBe(faults[2])
    expect(platform.requests).toHaveLength(4)

    clock.now += 1_000
    expect(await tokens.renew(token)).toBe('T5')
    expect(tokens.toFault(refusedByWechat).class).toBe('A')
    tokens.accepted()
    expect(tokens.toFault(refusedByWechat).class).toBe('T')
  })

  test('now and then, with calls getting through in between, is no fault', async () => {
    const { tokens } = setUp()
    for (let i = 0; i < 10; i++) {
      await tokens.renew(await tokens.get())
      expect(tokens.toFault(refusedByWechat)).toBe(refusedByWechat)
      tokens.accepted()
    }
  })

  test('whose replacement could not be fetched was not renewed in vain', async () => {
    const { platform, tokens, clock } = setUp()
    const bad = await tokens.get()
    const working = platform.answer
    platform.answer = () =>
      Promise.reject(
        new WechatNetworkError({
          kind: 'connect',
          path,
          detail: say('network.aborted'),
          maybeReceived: false,
        }),
      )
    for (let i = 0; i < 5; i++) {
      await expect(tokens.renew(bad)).rejects.toMatchObject({ kind: 'connect' })
      clock.now += 1_000
    }
    platform.answer = working
    await tokens.renew(bad)
    expect(tokens.toFault(refusedByWechat).class).toBe('T')
  })

  test('that WeChat hands out again is fetched once per renewal', async () => {
    const { platform, tokens } = setUp()
    platform.answer = async () => ({ access_token: 'same', expires_in: 7200 })
    await tokens.get()
    expect(await Promise.all(Array.from({ length: 50 }, () => tokens.renew('same')))).toEqual(
      Array(50).fill('same'),
    )
    expect(platform.requests).toHaveLength(2)
  })
})

describe('a failed fetch', () => {
  const wrongSecret = new WechatApiError({ errcode: 40125, errmsg: 'invalid appsecret', path })

  test('is the answer to everybody who asks within a second', async () => {
    const { platform, tokens, clock } = setUp()
    platform.answer = () => Promise.reject(wrongSecret)
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => tokens.get()))
    expect(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === wrongSecret)).toBe(
      true,
    )
    clock.now += 999
    await expect(tokens.get()).rejects.toBe(wrongSecret)
    expect(platform.requests).toHaveLength(1)
    clock.now += 1
    platform.answer = async () => ({ access_token: 'good', expires_in: 7200 })
    expect(await tokens.get()).toBe('good')
  })

  test('is not held against anybody for hours when the clock was set back', async () => {
    const { platform, tokens, clock } = setUp()
    platform.answer = () => Promise.reject(wrongSecret)
    await expect(tokens.get()).rejects.toThrow()
    clock.now -= 2 * hour
    platform.answer = async () => ({ access_token: 'good', expires_in: 7200 })
    expect(await tokens.get()).toBe('good')
  })

  test('never means that the call it was for may have been received', async () => {
    const { platform, tokens } = setUp()
    platform.answer = () =>
      Promise.reject(
        new WechatNetworkError({
          kind: 'timeout',
          path,
          detail: say('network.aborted'),
          maybeReceived: true,
        }),
      )
    await expect(tokens.get()).rejects.toMatchObject({ kind: 'timeout', path, maybeReceived: false })
  })

  test.each([
    {},
    { access_token: '' },
    { access_token: 7, expires_in: 7200 },
    { access_token: 'x' },
    { access_token: 'x', expires_in: 0 },
  ])('is what an answer like %j is', async (json) => {
    const { platform, tokens, store } = setUp()
    platform.answer = async () => json
    await expect(tokens.get()).rejects.toMatchObject({ kind: 'bad_body', path })
    expect(store.stored).toBeUndefined()
  })

  test('shows neither secret nor token', async () => {
    const { platform, tokens, lines } = setUp()
    await tokens.get()
    platform.answer = () => Promise.reject(wrongSecret)
    const error: unknown = await tokens.renew('T1').catch((reason: unknown) => reason)
    expect(error).toBe(wrongSecret)
    expect(inspect(error, { depth: 20, showHidden: true }) + lines.join()).not.toMatch(/the-secret|T1/)
  })
})

describe('clocks', () => {
  test('a token does not outlive a clock that jumped forward, and is fetched again', async () => {
    const { platform, tokens, clock } = setUp()
    await tokens.get()
    clock.now += 3 * hour
    expect(await tokens.get()).toBe('T2')
    expect(platform.requests).toHaveLength(2)
  })

  test('a late answer is as old as its question', async () => {
    const { platform, tokens, clock, store } = setUp()
    platform.answer = async () => {
      clock.now += 10_000
      return { access_token: 'late', expires_in: 7200 }
    }
    await tokens.get()
    expect(store.stored).toEqual({ token: 'late', obtainedAt: start, expiresAt: start + 2 * hour })
  })
})

describe('refreshing by a timer', () => {
  test('fetches only in the last five minutes', async () => {
    const { platform, tokens, clock } = setUp()
    await tokens.refresh()
    clock.now += 2 * hour - 5 * minute
    await tokens.refresh()
    expect(platform.requests).toHaveLength(1)
    clock.now += 1
    expect((await tokens.refresh()).token).toBe('T2')
    expect(await tokens.get()).toBe('T2')
  })

  test('knows the token another process stored', async () => {
    const { platform, tokens, open } = setUp()
    await open().refresh()
    expect((await tokens.refresh()).token).toBe('T1')
    expect(platform.requests).toHaveLength(1)
  })
})

test('a look at the token fetches nothing', async () => {
  const { platform, tokens } = setUp()
  expect(await tokens.peek()).toBeUndefined()
  await tokens.get()
  expect(await tokens.peek()).toMatchObject({ token: 'T1', expiresAt: start + 2 * hour })
  expect(platform.requests).toHaveLength(1)
})

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { day } from '../../src/base/duration.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { type MiniProgramWorld, openMiniProgramWorld } from '../helpers/miniProgram.ts'
import { startScriptedServer } from '../helpers/scriptedServer.ts'
import { createWx, launchExample } from '../helpers/wx.ts'

let world: MiniProgramWorld
let server: HttpServer
beforeAll(async () => {
  world = await openMiniProgramWorld()
  server = await world.listen({ rateLimitPerIp: 10_000 })
})
afterAll(async () => {
  await server.close()
  await world.close()
})

/** A phone whose owner nobody has seen before. */
let user = 0
let storage: Map<string, string>
beforeEach(() => {
  user += 1
  storage = new Map()
})
afterEach(() => world.simulator.clearFaults())

/** Opens the mini-program on that phone. */
function launch({ at = server.url } = {}) {
  const { simulator, now } = world
  const { wx, phone } = createWx({ simulator, user, storage, now, server: at })
  return { ...launchExample(wx), phone }
}

async function endSessions(): Promise<void> {
  for (const token of storage.values()) await world.identity.logout(token)
}

/** Makes WeChat replace the session_key behind the server's back. */
async function logInElsewhere(): Promise<void> {
  const { simulator, account } = world
  const query = new URLSearchParams({
    ...account,
    js_code: simulator.mintCode(user),
    grant_type: 'authorization_code',
  })
  const answer = await fetch(`${simulator.base}/sns/jscode2session?${query}`)
  expect(await answer.json()).toHaveProperty('session_key')
}

describe('the session of the mini-program', () => {
  it('is opened by the first call that needs it and kept for later launches', async () => {
    await world.follow(user)
    const first = launch()
    expect(await first.unionpush.getState()).toEqual({
      unionid: 'known',
      following: true,
      expiresAt: expect.any(String),
    })
    expect(first.phone.requests).toEqual(['POST /miniprogram/login', 'GET /miniprogram/session'])
    expect([...storage.values()]).toEqual([expect.stringMatching(/^[\w-]{43}$/)])

    const second = launch()
    expect(await second.unionpush.getState()).toMatchObject({ unionid: 'known' })
    expect(second.phone).toMatchObject({ logins: 0, requests: ['GET /miniprogram/session'] })
  })

  it('is opened once for all calls of the first moment', async () => {
    const { unionpush, phone } = launch()
    const states = await Promise.all(Array.from({ length: 20 }, unionpush.getState))
    expect(new Set(states.map((state) => JSON.stringify(state))).size).toBe(1)
    expect(phone.logins).toBe(1)
  })

  it('is renewed silently and once when it is over, for all calls under way', async () => {
    const { unionpush, phone } = launch()
    await unionpush.getState()
    await endSessions()
    const states = await Promise.all(Array.from({ length: 20 }, unionpush.getState))
    expect(states).toHaveLength(20)
    expect(states[19]).toMatchObject({ unionid: 'known' })
    expect(phone.logins).toBe(2)
    await unionpush.getState()
    expect(phone.logins).toBe(2)
  })

  it('is not renewed again for a call that hears late that the old one is over', async () => {
    let isOver = false
    let answerSlow = () => {}
    const slow = await startScriptedServer(async (response, { path, headers }) => {
      if (path === '/slow' && headers.authorization === 'Bearer 1') {
        await new Promise<void>((resolve) => {
          answerSlow = resolve
        })
      }
      const refused = isOver && headers.authorization === 'Bearer 1'
      response.writeHead(refused ? 401 : 200)
      response.end(JSON.stringify({ token: isOver ? '2' : '1', path }))
    })
    const { unionpush, phone } = launch({ at: slow.base })
    await unionpush.request({ path: '/first' })
    isOver = true
    const late = unionpush.request({ path: '/slow' })
    await vi.waitFor(() => expect(slow.requests.at(-1)).toMatchObject({ path: '/slow' }))
    expect(await unionpush.request({ path: '/quick' })).toMatchObject({ path: '/quick' })
    answerSlow()
    expect(await late).toMatchObject({ path: '/slow' })
    expect(phone.logins).toBe(2)
  })

  it('is renewed at the launch after WeChat ended its own', async () => {
    await launch().unionpush.getState()
    world.advance(4 * day)
    const { unionpush, phone } = launch()
    await unionpush.getState()
    expect(phone.logins).toBe(1)
  })

  it('is not renewed twice for one call', async () => {
    const refusing = await startScriptedServer((response, { path }) => {
      response.writeHead(path.endsWith('/login') ? 200 : 401, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ token: 'x', error: { code: 'no_session', message: 'no' } }))
    })
    const { unionpush, phone } = launch({ at: refusing.base })
    await expect(unionpush.getState()).rejects.toMatchObject({ status: 401, code: 'no_session' })
    expect(phone.logins).toBe(2)
  })

  it('ends at logout, and the next call opens another', async () => {
    const { unionpush, phone } = launch()
    await unionpush.logOut()
    expect(phone.requests).toEqual([])
    await unionpush.getState()
    const [token = ''] = storage.values()
    await unionpush.logOut()
    expect(storage.size).toBe(0)
    expect(await world.identity.session(token)).toMatchObject({ reason: 'no_session' })
    expect(await unionpush.getState()).toMatchObject({ unionid: 'known' })
    expect(phone.requests.slice(-2)).toEqual(['POST /miniprogram/login', 'GET /miniprogram/session'])
  })
})

describe('a call that fails', () => {
  it('says that the server was not reached, and the next one works', async () => {
    const { unionpush, phone } = launch()
    phone.online = false
    await expect(unionpush.getState()).rejects.toMatchObject({ status: 0 })
    phone.online = true
    expect(await unionpush.getState()).toMatchObject({ unionid: 'known' })
  })

  it('says what the server said', async () => {
    const { unionpush } = launch()
    world.simulator.addFault({ path: '/sns/jscode2session', action: { errcode: -1 }, times: 1 })
    await expect(unionpush.getState()).rejects.toMatchObject({ status: 503, code: 'wechat_busy' })
    expect(await unionpush.getState()).toMatchObject({ unionid: 'known' })
    const missing = unionpush.request({ path: '/miniprogram/nothing' })
    await expect(missing).rejects.toMatchObject({ status: 404, code: 'not_found' })
  })

  it('copes with an answer that is no JSON', async () => {
    const proxy = await startScriptedServer((response) =>
      response.writeHead(502).end('<html>Bad Gateway</html>'),
    )
    await expect(launch({ at: proxy.base }).unionpush.getState()).rejects.toMatchObject({
      status: 502,
      code: 'unknown',
    })
  })
})

describe('the unionid', () => {
  it('is nothing to ask for when login gave it', async () => {
    const { unionpush, phone } = launch()
    expect(await unionpush.completeUnionid()).toMatchObject({ unionid: 'known' })
    expect(phone.questions).toBe(0)
  })

  it('comes with the consent of the user when login did not give it', async () => {
    await world.follow(user)
    const { unionpush, phone } = launch()
    phone.unionidAtLogin = false
    expect(await unionpush.getState()).toMatchObject({ unionid: 'missing', following: false })
    expect(phone.questions).toBe(0)
    expect(await unionpush.completeUnionid()).toEqual({ unionid: 'known', following: true })
    expect(await unionpush.completeUnionid()).toMatchObject({ unionid: 'known' })
    expect(phone.questions).toBe(1)
  })

  it('stays missing without consent, which is asked for once per launch and is no error', async () => {
    const { unionpush, phone } = launch()
    phone.unionidAtLogin = false
    phone.consents = false
    expect(await unionpush.completeUnionid()).toEqual({ unionid: 'missing', following: false })
    expect(await unionpush.completeUnionid()).toMatchObject({ unionid: 'missing' })
    expect(phone.questions).toBe(1)
    expect(await launch().unionpush.completeUnionid()).toMatchObject({ unionid: 'known' })
  })

  it('comes although another login has replaced the session_key meanwhile', async () => {
    const { unionpush, phone } = launch()
    phone.unionidAtLogin = false
    await unionpush.getState()
    await logInElsewhere()
    expect(await unionpush.completeUnionid()).toMatchObject({ unionid: 'known' })
    expect(phone).toMatchObject({ logins: 2, questions: 2 })
  })

  it('is asked for again when it was not the user who said no, and the reason is told', async () => {
    const { unionpush, phone } = launch()
    phone.unionidAtLogin = false
    phone.fault = 'api scope is not declared in the privacy agreement'
    const failed = { status: 422, code: 'client_failed' }
    await expect(unionpush.completeUnionid()).rejects.toMatchObject(failed)
    phone.fault = ''
    expect(await unionpush.completeUnionid()).toMatchObject({ unionid: 'known' })
    expect(phone.questions).toBe(2)
  })
})

describe('the phone number', () => {
  it('comes for the detail of the button, also after the session has ended', async () => {
    const { unionpush } = launch()
    const detail = () => ({
      code: world.simulator.mintCode(user, { kind: 'phone' }),
      errMsg: 'getPhoneNumber:ok',
    })
    const number = { countryCode: '86', phoneNumber: expect.stringMatching(/^138/) }
    expect(await unionpush.getPhoneNumber(detail())).toMatchObject(number)
    await endSessions()
    expect(await unionpush.getPhoneNumber(detail())).toMatchObject(number)
  })

  it('is null when the user refused', async () => {
    const refused = { errMsg: 'getPhoneNumber:fail user deny' }
    expect(await launch().unionpush.getPhoneNumber(refused)).toEqual({
      phoneNumber: null,
      purePhoneNumber: null,
      countryCode: null,
    })
  })
})

describe('the page', () => {
  it('shows how things stand, what the user allowed, and that nothing is reachable', async () => {
    await world.follow(user)
    const { page, phone } = launch()
    phone.unionidAtLogin = false
    phone.online = false
    await page.onLoad()
    expect(page.data).toMatchObject({ problem: 'wechat', unionid: '' })
    phone.online = true
    await page.onLoad()
    expect(page.data).toMatchObject({ problem: '', unionid: 'missing', following: false })
    await page.onConnect()
    expect(page.data).toMatchObject({ unionid: 'known', following: true })
    await page.onPhoneNumber({ detail: { errMsg: 'getPhoneNumber:fail user deny' } })
    expect(page.data).toMatchObject({ problem: '', phoneNumber: null, unionid: 'known', following: true })
  })
})

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import { type CallbackStack, openCallbackStack } from '../helpers/callbackStack.ts'
import { callbackAccount, eventXml } from '../helpers/seal.ts'

const { appid } = callbackAccount
const info = '/cgi-bin/user/info'

let stack: CallbackStack
let simulator: CallbackStack['simulator']
let server: CallbackStack['server']
let followers: CallbackStack['followers']
let advanced = 0
const now = () => Date.now() + advanced

beforeEach(async () => {
  advanced = 0
  stack = await openCallbackStack({ now })
  simulator = stack.simulator
  server = stack.server
  followers = stack.followers
})
afterEach(() => stack.close())

const calls = () => simulator.stats().calls[info] ?? 0
const post = (event: string, openid: string, fields = {}) =>
  server.post(eventXml(event, { FromUserName: openid, CreateTime: Math.floor(now() / 1000), ...fields }))
const until = (condition: () => unknown) => vi.waitUntil(condition, { timeout: 20_000, interval: 10 })
const isDone = () => server.stored().every(({ dueAt }) => dueAt === null)
const rowOf = (openid: string) =>
  server.db.read.query.followers
    .findMany()
    .sync()
    .find((row) => row.openid === openid)

describe('a follow', () => {
  test('makes the user reachable by unionid within a moment', async () => {
    server.work()
    const { openid, unionid } = simulator.follow()
    await post('subscribe', openid)
    await until(isDone)
    expect(await followers.findByUnionid(unionid ?? '')).toMatchObject({ openid, subscribed: true })
    expect(calls()).toBe(1)
  })

  test('whose unionid is not there yet is asked about again after 5 and after 60 seconds', async () => {
    server.work()
    const { openid } = simulator.follow()
    simulator.setUnionid(openid, undefined)
    await post('subscribe', openid)
    await until(() => calls() === 1)
    await until(() => server.stored()[0]?.tries === 2)
    const dueIn = () => (server.stored()[0]?.dueAt ?? 0) - now()
    expect(dueIn()).toBeGreaterThan(3 * second)
    expect(dueIn()).toBeLessThanOrEqual(5 * second)
    expect(rowOf(openid)).toMatchObject({ subscribed: true, unionid: null })

    advanced += 5 * second
    await until(() => calls() === 2)
    await until(() => server.stored()[0]?.tries === 3)
    expect(dueIn()).toBeGreaterThan(58 * second)
    expect(dueIn()).toBeLessThanOrEqual(60 * second)

    simulator.setUnionid(openid, 'late-union')
    advanced += minute
    await until(isDone)
    expect(rowOf(openid)?.unionid).toBe('late-union')
  })

  test('whose unionid never comes is left to the next sync', async () => {
    server.work()
    const { openid } = simulator.follow()
    simulator.setUnionid(openid, undefined)
    await post('subscribe', openid)
    for (const tries of [2, 3]) {
      await until(() => server.stored()[0]?.tries === tries)
      advanced += minute
    }
    await until(isDone)
    expect(calls()).toBe(3)
    expect(rowOf(openid)).toMatchObject({ subscribed: true, unionid: null })
  })

  test('is asked about again when WeChat fails, and its end is taken over', async () => {
    simulator.addFault({ path: info, action: { errcode: -1 }, times: 2 })
    server.work()
    const { openid, unionid } = simulator.follow()
    await post('subscribe', openid)
    for (const tries of [2, 3]) {
      await until(() => server.stored()[0]?.tries === tries)
      expect(rowOf(openid)).toMatchObject({ subscribed: true, infoAt: null })
      advanced += minute
    }
    await until(isDone)
    expect(rowOf(openid)?.unionid).toBe(unionid)
  })

  test('of an openid WeChat does not know is asked about once', async () => {
    simulator.addFault({ path: info, action: { errcode: 40003 } })
    server.work()
    await post('subscribe', 'oNobody')
    await until(isDone)
    expect(calls()).toBe(1)
  })

  test('is taken over although the clock of WeChat is five minutes ahead', async () => {
    server.work()
    const { openid, unionid } = simulator.follow()
    await post('subscribe', openid, { CreateTime: Math.floor((now() + 5 * minute) / 1000) })
    await until(isDone)
    expect(rowOf(openid)).toMatchObject({ subscribed: true, unionid })
  })

  test('a hundred at once are asked about ten at a time', async () => {
    simulator.addFault({ path: info, action: { delayMs: 100 } })
    const users = Array.from({ length: 100 }, () => simulator.follow())
    await Promise.all(users.map(({ openid }) => post('subscribe', openid)))
    server.work()
    await until(isDone)
    expect((await followers.counts()).withUnionid).toBe(100)
    expect(simulator.stats().inFlight.peak).toBe(10)
  })

  test('is worked off before a stop, and so are all that are stored by then', async () => {
    const users = Array.from({ length: 50 }, () => simulator.follow())
    await Promise.all(users.map(({ openid }) => post('subscribe', openid)))
    await server.work().stop()
    expect(isDone()).toBe(true)
    expect((await followers.counts()).withUnionid).toBe(50)
  })

  test('left unasked by a process that ended is asked about by the next', async () => {
    simulator.addFault({ path: info, action: 'hang', times: 1 })
    const worker = server.work(50)
    const { openid, unionid } = simulator.follow()
    await post('subscribe', openid)
    await until(() => calls() === 1)
    await worker.stop()
    expect(isDone()).toBe(false)
    server.work()
    await until(isDone)
    expect(rowOf(openid)?.unionid).toBe(unionid)
  })
})

test('a withdrawn authorisation leaves a follower reachable and is asked about', async () => {
  server.work()
  const { openid, unionid = '' } = simulator.follow()
  await post('subscribe', openid)
  await until(isDone)
  simulator.setUnionid(openid, 'another')
  await post('user_authorization_revoke', 'platform', { OpenID: openid, AppID: appid, RevokeInfo: '204' })
  await until(() => rowOf(openid)?.unionid === 'another')
  expect(rowOf(openid)?.subscribed).toBe(true)
  await until(isDone)
  simulator.setUnionid(openid, undefined)
  advanced += 2 * second
  await post('user_authorization_revoke', 'platform', { OpenID: openid, AppID: appid, RevokeInfo: '205' })
  await until(isDone)
  expect(calls()).toBe(3)
  expect(rowOf(openid)).toMatchObject({ subscribed: true, unionid: 'another' })
  expect(unionid).not.toBe('another')
})

describe('an event of the future', () => {
  const year = 365 * 86_400

  test('counts as of its arrival: what comes later is not older', async () => {
    server.work()
    const { openid } = simulator.follow()
    await post('unsubscribe', openid, { CreateTime: Math.floor(now() / 1000) + year })
    await until(isDone)
    expect(rowOf(openid)).toMatchObject({ subscribed: false })
    advanced += 2 * second
    await post('subscribe', openid)
    await until(isDone)
    expect(rowOf(openid)).toMatchObject({ subscribed: true })
    advanced += 2 * second
    await post('unsubscribe', openid)
    await until(isDone)
    expect(rowOf(openid)).toMatchObject({ subscribed: false })
  })

  test('that was taken over when it was still believed is undone by the next one, and by a sync', async () => {
    const { openid, unionid } = simulator.follow()
    const at = (Math.floor(now() / 1000) + year) * 1000
    const poison = {
      sql: `INSERT INTO followers (appid, openid, subscribed, unsubscribed_at, event_at, info_at) VALUES (?, ?, 0, ?, ?, ?)
        ON CONFLICT DO UPDATE SET subscribed = 0, event_at = excluded.event_at, info_at = excluded.info_at`,
      params: [appid, openid, at, at, at],
    }
    await server.db.write([poison])
    await followers.upsert([{ openid, subscribed: true, unionid, subscribeTime: now() }], { at: now() })
    expect(rowOf(openid)).toMatchObject({ subscribed: true, unionid })
    await server.db.write([poison])
    server.work()
    await post('subscribe', openid)
    await until(isDone)
    expect(rowOf(openid)).toMatchObject({ subscribed: true })
  })

  test('is worked off although it was stored when our clock was ahead', async () => {
    const { openid } = simulator.follow()
    const facts = { kind: 'subscribe', openid, at: now(), msgid: '', status: '', app: '' } as const
    await server.events.record(facts, now() + 86_400 * second)
    server.work()
    await until(() => rowOf(openid)?.subscribed)
    await until(isDone)
  })
})

test('a changed profile is fetched again', async () => {
  server.work()
  const { openid } = simulator.follow()
  await post('subscribe', openid)
  await until(isDone)
  simulator.setUnionid(openid, 'another')
  await post('user_info_modified', 'platform', { OpenID: openid, AppID: appid })
  await until(() => rowOf(openid)?.unionid === 'another')
  await post('user_info_modified', 'platform', { OpenID: openid, AppID: 'wxminiprogram' })
  await until(isDone)
  expect(calls()).toBe(2)
})

describe('beside a running sync', () => {
  const facts = (openid: string, at: number) => ({
    openid,
    subscribed: true,
    unionid: 'u',
    subscribeTime: at,
  })

  test('an unfollow wins over what WeChat said before it', async () => {
    const { openid } = simulator.follow()
    const askedAt = now()
    await followers.upsert([facts(openid, askedAt - minute)], { at: askedAt })
    server.work()
    await post('unsubscribe', openid)
    await until(isDone)
    // The page that was fetched before the event is written after it.
    await followers.upsert([facts(openid, askedAt - minute)], { at: askedAt })
    expect(rowOf(openid)?.subscribed).toBe(false)
    const later = now() + 2 * second
    await followers.upsert([facts(openid, later)], { at: later })
    expect(rowOf(openid)?.subscribed).toBe(true)
  })
})

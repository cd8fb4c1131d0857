import { afterEach, describe, expect, test, vi } from 'vitest'
import { day, hour } from '../../src/base/duration.ts'
import { createCallbackPurge } from '../../src/callback/purge.ts'
import type { Database } from '../../src/db/database.ts'
import { compileWrite } from '../../src/db/sqlite/engine/statement.ts'
import { followers } from '../../src/db/sqlite/followers/tables.ts'
import { users } from '../../src/db/sqlite/users/tables.ts'
import { type CallbackServer, openCallbackServer } from '../helpers/callbackServer.ts'
import { callbackAccount, eventXml } from '../helpers/seal.ts'

const { appid } = callbackAccount
const openid = 'oMgHVjngRipVsoxg6TuX3vz6glDg'
const start = Math.floor(Date.now() / 1000)
const personal = { unionid: 'u', remark: 'r', tagIds: [1], scene: 'ADD_SCENE_SEARCH' }
const deleted = { unionid: null, remark: null, tagIds: null, scene: null }

let server: CallbackServer
afterEach(() => server.close())

const insert = (values: Partial<typeof followers.$inferInsert>) =>
  server.db.write([
    compileWrite(
      server.db.read.insert(followers).values({ appid, openid, subscribed: true, ...personal, ...values }),
    ).once({}),
  ])
const follower = (of = openid) =>
  server.db.read.query.followers
    .findMany()
    .sync()
    .find((row) => row.openid === of)
/** `after` = seconds after the start. */
const post = (event: string, after = 0, fields: Record<string, string> = {}) =>
  server.post(eventXml(event, { CreateTime: start + after, ...fields }))
const worked = () => vi.waitUntil(() => server.stored().every(({ dueAt }) => dueAt === null), { interval: 5 })

describe('follow and unfollow events', () => {
  test('a new follower is there at once', async () => {
    server = await openCallbackServer()
    server.work()
    await post('subscribe', 0, { EventKey: 'qrscene_1' })
    await worked()
    expect(follower()).toMatchObject({
      appid,
      subscribed: true,
      subscribeTime: start * 1000,
      eventAt: start * 1000,
      infoAt: null,
    })
  })

  test('who leaves is marked at once and keeps the personal data for now', async () => {
    server = await openCallbackServer()
    await insert({ subscribeTime: (start - 9) * 1000 })
    server.work()
    await post('unsubscribe')
    await worked()
    expect(follower()).toMatchObject({ ...personal, subscribed: false, unsubscribedAt: start * 1000 })
    await post('subscribe', 5)
    await worked()
    expect(follower()).toMatchObject({
      ...personal,
      subscribed: true,
      unsubscribedAt: null,
      subscribeTime: (start + 5) * 1000,
    })
  })

  test.each([
    ['subscribe', 'unsubscribe', 'subscribe'],
    ['unsubscribe', 'subscribe', 'unsubscribe'],
  ])('in whatever order %s, %s, %s come, the newest wins', async (...sequence) => {
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    server = await openCallbackServer()
    server.work()
    for (const [n, order] of orders.entries()) {
      for (const at of order) await post(sequence[at] ?? '', at, { FromUserName: `o${n}` })
    }
    await worked()
    for (const n of orders.keys()) {
      expect(follower(`o${n}`)).toMatchObject({
        subscribed: sequence[2] === 'subscribe',
        eventAt: (start + 2) * 1000,
      })
    }
  })

  test('within one second the event that came later wins', async () => {
    server = await openCallbackServer()
    await post('subscribe')
    await post('unsubscribe')
    server.work()
    await worked()
    expect(follower()?.subscribed).toBe(false)
  })

  test('a late unfollow does not undo a later follow that a sync has seen', async () => {
    server = await openCallbackServer()
    await insert({ subscribeTime: (start + 60) * 1000 })
    server.work()
    await post('unsubscribe')
    await worked()
    expect(follower()?.subscribed).toBe(true)
  })

  test('followers of other accounts stay as they are', async () => {
    server = await openCallbackServer()
    await insert({ appid: 'wxother' })
    server.work()
    await post('unsubscribe')
    await worked()
    expect(
      server.db.read.query.followers
        .findMany()
        .sync()
        .map((row) => [row.appid, row.subscribed]),
    ).toEqual([
      ['wxother', true],
      [appid, false],
    ])
  })
})

describe('personal data', () => {
  test.each([
    ['user_authorization_revoke', { subscribed: false }],
    ['user_authorization_cancellation', { subscribed: true }],
  ])('%s deletes what we know of the user', async (event, row) => {
    server = await openCallbackServer()
    await insert(row)
    await insert({ openid: 'oOther' })
    server.work()
    await post(event, 0, { FromUserName: 'platform', OpenID: openid, AppID: appid, RevokeInfo: '1' })
    await worked()
    expect(follower()).toMatchObject({ ...deleted, subscribed: false })
    expect(follower('oOther')).toMatchObject({ ...personal, subscribed: true })
  })

  test('of somebody who follows on stay when an authorisation is withdrawn', async () => {
    server = await openCallbackServer()
    await insert({})
    server.work()
    const fields = { FromUserName: 'platform', OpenID: openid, AppID: appid, RevokeInfo: '204' }
    await post('user_authorization_revoke', 0, fields)
    await worked()
    expect(follower()).toMatchObject({ ...personal, subscribed: true })
  })

  test('of a mini-program the user and the sessions go, followers stay', async () => {
    server = await openCallbackServer()
    await insert({})
    const { db } = server
    const user = { appid: 'wxmini', openid, sessionKey: 'k', createdAt: 0, loginAt: 0 }
    await db.write([
      compileWrite(db.read.insert(users).values(user)).once({}),
      { sql: "INSERT INTO sessions VALUES ('h', 'wxmini', ?, 0, 0)", params: [openid] },
    ])
    server.work()
    await post('user_authorization_revoke', 0, { OpenID: openid, AppID: 'wxmini', RevokeInfo: '1' })
    await worked()
    expect(db.read.query.sessions.findMany().sync()).toHaveLength(1)
    await post('user_authorization_cancellation', 1, { OpenID: openid, AppID: 'wxmini' })
    await worked()
    expect(db.read.query.users.findMany().sync()).toEqual([])
    expect(db.read.query.sessions.findMany().sync()).toEqual([])
    expect(follower()).toMatchObject({ ...personal, subscribed: true })
  })

  test('of those who left is deleted after the given days, once', async () => {
    server = await openCallbackServer()
    const now = Date.now()
    await insert({ openid: 'oLongGone', subscribed: false, unsubscribedAt: now - 31 * day })
    await insert({ openid: 'oJustGone', subscribed: false, unsubscribedAt: now - 29 * day })
    await insert({ openid: 'oThere' })
    const purge = createCallbackPurge(server.db, { appid, unfollowedDays: 30 })
    expect(await purge()).toEqual({ events: 0, followers: 1 })
    expect(await purge()).toEqual({ events: 0, followers: 0 })
    expect(follower('oLongGone')).toMatchObject({ ...deleted, subscribed: false })
    expect(follower('oJustGone')).toMatchObject(personal)
    expect(follower('oThere')).toMatchObject(personal)
  })
})

test('done events are deleted once no repeat can come any more', async () => {
  server = await openCallbackServer()
  const { db, events } = server
  const facts = { kind: 'subscribe', at: 0, msgid: '', status: '', app: '' } as const
  const now = Date.now()
  for (const [n, age] of [3 * hour, 3 * hour, hour, 0].entries()) {
    await events.record({ ...facts, openid: `o${n}` }, now - age)
  }
  const { write }: Database = db
  await write([events.toUpdate([1, 3, 4].map((id) => ({ id, tries: 1, dueAt: null })))])
  const purge = createCallbackPurge(db, { appid, unfollowedDays: 30 })
  expect(await purge()).toEqual({ events: 1, followers: 0 })
  expect(server.stored().map(({ id }) => id)).toEqual([2, 3, 4])
})

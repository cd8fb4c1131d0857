import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hour } from '../../src/base/duration.ts'
import type { PushRow } from '../../src/db/pushes.ts'
import { combinations } from './combinations.ts'
import { type EngineWorld, openEngineWorld } from './world.ts'

const sendPath = '/cgi-bin/message/template/send'
const soon = { timeout: 90_000, interval: 20 }
const isDelivered = ({ status }: PushRow) => status === 'delivered'
const hasEnded = ({ finishedAt }: PushRow) => finishedAt !== null

describe.each(combinations)('tables in $database, queue in $queue', (engines) => {
  let world: EngineWorld
  beforeAll(async () => {
    world = await openEngineWorld(engines, { followers: 20 })
    await world.service()
    // A table that has never seen a complete sync gets one at once.
    await vi.waitUntil(() => world.account.syncRuns.findLastComplete(), soon)
  })
  afterAll(() => world.close())

  const acceptedFor = (n: number) =>
    [...world.simulator.accepted()].filter(({ openid }) => openid === world.simulator.userAt(n).openid)

  test('a push reaches its user, and its receipt is on record', async () => {
    const { openid, unionid } = world.simulator.userAt(0)
    const receipt = await world.pusher.push(world.message(0, { id: 'order: 42' }))
    expect(receipt).toEqual({ id: 'order: 42', status: 'queued' })
    await world.record('order: 42', isDelivered)
    const [message] = acceptedFor(0)
    expect(await world.json(['show', 'order: 42'])).toMatchObject({
      openid,
      unionid,
      status: 'delivered',
      msgid: message?.msgid,
      attempts: 1,
    })
  })

  test('an id that is pushed many times at once, and again later, is one message', async () => {
    const push = () => world.pusher.push(world.message(1, { id: 'once' }))
    const receipts = await Promise.all(Array.from({ length: 20 }, push))
    expect(receipts.filter(({ status }) => status === 'queued')).toHaveLength(1)
    await world.record('once', isDelivered)
    expect(await push()).toEqual({ id: 'once', status: 'duplicate' })
    expect(acceptedFor(1)).toHaveLength(1)
  })

  test('a push to somebody who does not follow is skipped without a call', async () => {
    await world.pusher.push(world.message(30, { id: 'nobody' }))
    expect(await world.record('nobody', hasEnded)).toMatchObject({
      status: 'skipped',
      reason: 'not_following',
      attempts: 0,
    })
    expect(acceptedFor(30)).toEqual([])
  })

  test('what WeChat refuses for good is told by failed, and sent again by failed retry', async () => {
    world.simulator.addFault({ path: sendPath, action: { errcode: 47003 }, times: 1 })
    await world.pusher.push(world.message(2, { id: 'bad' }))
    await world.record('bad', hasEnded)
    expect(await world.lines(['failed'])).toMatchObject([
      { id: 'bad', status: 'rejected', reason: 'data_invalid', errcode: 47003 },
    ])
    expect(await world.json(['failed', 'retry', 'bad'])).toEqual({ retried: 1 })
    expect(await world.record('bad', isDelivered)).toMatchObject({ generation: 1, errcode: null })
  })

  test('a failure that passes is tried again', async () => {
    const before = world.simulator.stats().calls[sendPath] ?? 0
    world.simulator.addFault({ path: sendPath, action: { errcode: -1 }, times: 1 })
    await world.pusher.push(world.message(3, { id: 'busy' }))
    await world.record('busy', isDelivered)
    expect(world.simulator.stats().calls[sendPath]).toBe(before + 2)
    expect(acceptedFor(3)).toHaveLength(1)
  })

  test('while the account is paused by hand nothing goes out', async () => {
    expect(await world.json(['pause', '--reason', 'sale'])).toMatchObject({ paused: { reason: 'manual' } })
    await world.pusher.push(world.message(4, { id: 'patient' }))
    expect((await world.json(['status'])).accounts[0]).toMatchObject({
      paused: { reason: 'manual' },
      queue: { waiting: 1 },
    })
    expect(acceptedFor(4)).toEqual([])
    await world.json(['resume'])
    await world.record('patient', isDelivered)
  })

  test('a held push waits for its user, and goes out when they follow', async () => {
    await world.pusher.push(world.message(31, { id: 'held', hold: true, expiresAt: Date.now() + hour }))
    await world.record('held', ({ reason }) => reason === 'hold')
    world.simulator.follow(world.simulator.userAt(31).openid)
    await world.record('held', isDelivered)
    expect(acceptedFor(31)).toHaveLength(1)
  })

  test('a push that waits for its time can be taken back', async () => {
    await world.pusher.push(world.message(5, { id: 'later', sendAt: Date.now() + hour }))
    expect(await world.json(['cancel', 'later'])).toEqual({ id: 'later', status: 'cancelled' })
    expect(await world.record('later', hasEnded)).toMatchObject({ status: 'skipped', reason: 'cancelled' })
    expect(await world.json(['cancel', 'order: 42'], 1)).toEqual({ id: 'order: 42', status: 'too_late' })
  })

  test('who unfollows is known to have left', async () => {
    const { openid, unionid = '' } = world.simulator.userAt(6)
    expect(await world.json(['lookup', unionid])).toMatchObject({ openid, subscribed: true })
    world.simulator.unfollow(openid)
    await vi.waitUntil(async () => !(await world.account.followers.findByOpenid(openid))?.subscribed, soon)
    await world.pusher.push(world.message(6, { id: 'left' }))
    expect(await world.record('left', hasEnded)).toMatchObject({ status: 'skipped', reason: 'not_following' })
  })

  test('status counts what became of all, and history lists it, newest first', async () => {
    const status = await world.json(['status'])
    expect(status).toMatchObject({ database: { engine: engines.database }, queueBackend: engines.queue })
    expect(status.accounts[0]).toMatchObject({
      paused: null,
      queue: { waiting: 0, active: 0, delayed: 0, held: 0 },
      followers: { subscribed: 20, withUnionid: 20, unsubscribed: 1 },
      lastSync: { status: 'complete', seen: 20 },
      today: { delivered: 6, skipped: 3, rejected: 0 },
    })
    const ids = (await world.lines(['history', '--limit', '3'])).map(({ id }) => id)
    expect(ids).toEqual(['left', 'later', 'held'])
    const skipped = await world.lines(['history', '--status', 'skipped'])
    expect(skipped.map(({ id }) => id)).toEqual(['left', 'later', 'nobody'])
  })
})

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { day, hour, second } from '../../src/base/duration.ts'
import { toPendingReleases } from '../../src/db/sqlite/pushes/pendingReleases.ts'
import { resend } from '../../src/operations/resend.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { toHeldRow, toNewRow } from '../../src/sending/processor/pushRow.ts'
import { serveCallbacks } from '../helpers/callbacks.ts'
import { openPlainQueue } from '../helpers/plainQueue.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'
import { openSyncStack } from '../helpers/syncStack.ts'

const sendPath = '/cgi-bin/message/template/send'
/** The first person who does not follow. */
const stranger = 20
type PushingWorker = Awaited<ReturnType<Pushing['startWorker']>>
const soon = () => Date.now() + hour
const until = (condition: () => unknown) => vi.waitUntil(condition, { interval: 5, timeout: 20 * second })
const accepted = ({ simulator }: Pushing) => [...simulator.accepted()]
const toldOf = (world: Pushing, n: number) =>
  accepted(world)
    .filter(({ openid }) => openid === world.simulator.userAt(n).openid)
    .map(({ data }) => data.thing1)

const held = (world: Pushing, n: number, id: string, more: Record<string, unknown> = {}) =>
  world.message(n, { id, hold: true, expiresAt: soon(), ...more })
const isHeld = async (world: Pushing, id: string) => (await world.row(id))?.reason === 'hold'

/** A push to the first stranger that waits for them. */
async function holdOne(world: Pushing, id = 'p', more: Record<string, unknown> = {}): Promise<void> {
  await world.producer().push(held(world, stranger, id, more))
  await until(() => isHeld(world, id))
}

/** As `unionpush pause` does. */
async function pause({ accountState }: Pushing, { queue }: PushingWorker): Promise<void> {
  await accountState.pauseByHand({ detail: 'a test', since: Date.now() })
  await queue.pause()
}

async function resume({ accountState }: Pushing, { queue }: PushingWorker): Promise<void> {
  await accountState.resume()
  await queue.resume()
}

/** What the callback server and a sync write when they learn of a follow. */
async function follow(world: Pushing, n: number): Promise<void> {
  const { openid, unionid } = world.simulator.userAt(n)
  world.simulator.follow(openid)
  const at = Date.now()
  await world.followers.upsert([{ openid, subscribed: true, unionid, subscribeTime: at }], { at })
}

async function unfollow(world: Pushing, n: number): Promise<void> {
  const { openid } = world.simulator.userAt(n)
  world.simulator.unfollow(openid)
  await world.followers.markUnsubscribed([openid], Date.now())
}

describe('a push to a user who does not follow', () => {
  test('waits on record only, and goes out within a second after the follow', async () => {
    const world = await startPushing()
    await serveCallbacks(world)
    await world.startWorker()
    await holdOne(world)
    expect(await world.row('p')).toMatchObject({ status: 'queued', attempts: 0, finishedAt: null })
    const queue = openPlainQueue(world)
    await until(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0))
    expect(await world.held.count()).toBe(1)

    const followedAt = Date.now()
    world.simulator.follow(world.simulator.userAt(stranger).openid)
    await until(() => accepted(world).length === 1)
    expect((accepted(world)[0]?.at ?? 0) - followedAt).toBeLessThan(second)
    await until(async () => (await world.row('p'))?.status === 'delivered')
    expect(await world.held.count()).toBe(0)
  })

  test('goes out when a sync finds the user', async () => {
    const world = await startPushing()
    await world.startWorker()
    await holdOne(world)
    world.simulator.follow(world.simulator.userAt(stranger).openid)
    const { appid, simulator, path } = world
    const stack = await openSyncStack({
      path,
      wechat: { appid, secret: simulator.secret, base: simulator.base },
    })
    onTestFinished(stack.close)
    expect(await stack.sync()).toMatchObject({ status: 'complete', added: 1 })
    await until(() => accepted(world).length === 1)
  })

  test('goes out when the unionid of a follower becomes known', async () => {
    const world = await startPushing()
    await world.startWorker()
    await holdOne(world)
    const { openid, unionid } = world.simulator.userAt(stranger)
    world.simulator.follow(openid)
    await world.followers.upsert([{ openid, subscribed: true }], { at: Date.now() })
    await world.followers.upsert([{ openid, subscribed: true, unionid }], { at: Date.now() })
    await until(() => accepted(world).length === 1)
  })

  test('goes out although no worker ran when the user came', async () => {
    const world = await startPushing()
    const first = await world.startWorker()
    await holdOne(world)
    await first.stop()
    await follow(world, stranger)
    await world.startWorker()
    await until(() => accepted(world).length === 1)
  })

  test('by openid waits for that openid, and is sent at once when nothing is known of it', async () => {
    const world = await startPushing()
    await unfollow(world, 3)
    await world.startWorker()
    const byOpenid = (n: number) => ({ unionid: undefined, openid: world.simulator.userAt(n).openid })
    const producer = world.producer()
    await producer.push(held(world, 3, 'left', byOpenid(3)))
    await until(() => isHeld(world, 'left'))
    // Nobody asked WeChat about this one yet, and WeChat says no.
    await producer.push(held(world, stranger, 'refused', byOpenid(stranger)))
    await until(() => isHeld(world, 'refused'))
    expect(await world.row('refused')).toMatchObject({ errcode: 43004, attempts: 1 })

    await follow(world, 3)
    await follow(world, stranger)
    await world.ended(2)
    expect(
      accepted(world)
        .map(({ openid }) => openid)
        .sort(),
    ).toEqual([3, stranger].map((n) => world.simulator.userAt(n).openid).sort())
  })

  test('without hold is skipped as ever, and with it a follower gets it at once', async () => {
    const world = await startPushing()
    await world.startWorker()
    await world.producer().push(world.message(stranger, { id: 'skipped' }))
    await world.producer().push(held(world, 0, 'sent'))
    await world.ended(2)
    expect(await world.row('skipped')).toMatchObject({ status: 'skipped', reason: 'not_following' })
    expect(await world.row('sent')).toMatchObject({ status: 'sent', heldFor: null })
  })
})

describe('several pushes held for one user', () => {
  test('go out one after another in the order they were asked for', async () => {
    const world = await startPushing({ simulator: { latencyMs: 5 } })
    await world.startWorker()
    const texts = Array.from({ length: 10 }, (_, n) => `第${n}条`)
    const messages = texts.flatMap((text, n) =>
      [stranger, stranger + 1].map((user) =>
        held(world, user, `${user}.${n}`, { data: { thing1: text, time2: '15:01' } }),
      ),
    )
    await world.producer().pushMany(messages)
    await until(async () => (await world.held.count()) === 20)
    world.simulator.addFault({
      action: { errcode: -1 },
      path: '/cgi-bin/message/template/send',
      after: 3,
      times: 2,
    })
    await follow(world, stranger)
    await follow(world, stranger + 1)
    await world.ended(20)
    expect(toldOf(world, stranger)).toEqual(texts)
    expect(toldOf(world, stranger + 1)).toEqual(texts)
    expect(accepted(world)).toHaveLength(20)
  })

  test('are not overtaken by one that comes while they go out', async () => {
    const world = await startPushing({ simulator: { latencyMs: 100 } })
    await world.startWorker()
    const producer = world.producer()
    const text = (thing1: string) => ({ data: { thing1, time2: '15:01' } })
    await producer.pushMany([1, 2, 3].map((n) => held(world, stranger, `p${n}`, text(`${n}`))))
    await until(async () => (await world.held.count()) === 3)
    await follow(world, stranger)
    await until(() => accepted(world).length === 1)
    await producer.push(held(world, stranger, 'p4', text('4')))
    await world.ended(4)
    expect(toldOf(world, stranger)).toEqual(['1', '2', '3', '4'])
  })

  test('go on when the first of them is refused, expires or is taken back', async () => {
    const world = await startPushing()
    const worker = await world.startWorker()
    await world
      .producer()
      .pushMany([
        held(world, stranger, 'refused', { data: { thing9: 'x' } }),
        held(world, stranger, 'expires', { expiresAt: Date.now() + 2 * second }),
        held(world, stranger, 'cancelled'),
        held(world, stranger, 'sent'),
      ])
    await until(async () => (await world.held.count()) === 4)
    await pause(world, worker)
    await follow(world, stranger)
    await until(async () => (await world.database.read.query.pendingReleases.findMany()).length === 0)
    expect(await world.pushes.cancel('cancelled', Date.now())).toBe(true)
    await until(async () => (await world.row('expires'))?.status === 'skipped')
    await resume(world, worker)
    await world.ended(4)
    expect((await world.row('refused'))?.status).toBe('rejected')
    expect((await world.row('expires'))?.reason).toBe('expired')
    expect((await world.row('sent'))?.status).toBe('sent')
    expect(accepted(world)).toHaveLength(1)
  })

  test('stay held when the user leaves in the middle, and go on in order when they come back', async () => {
    const world = await startPushing()
    const worker = await world.startWorker()
    const ids = ['p1', 'p2', 'p3']
    await world
      .producer()
      .pushMany(ids.map((id) => held(world, stranger, id, { data: { thing1: id, time2: '15:01' } })))
    await until(async () => (await world.held.count()) === 3)
    await pause(world, worker)
    await follow(world, stranger)
    await until(async () => (await world.database.read.query.pendingReleases.findMany()).length === 0)
    await unfollow(world, stranger)
    await resume(world, worker)
    const queue = openPlainQueue(world)
    await until(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0))
    expect(await world.held.count()).toBe(3)
    expect(accepted(world)).toEqual([])

    await follow(world, stranger)
    await world.ended(3)
    expect(toldOf(world, stranger)).toEqual(ids)
  })
})

describe('a held push', () => {
  test('whose user has left without our knowing waits for them again', async () => {
    const world = await startPushing()
    await world.startWorker()
    await holdOne(world)
    const { openid, unionid } = world.simulator.userAt(stranger)
    await world.followers.upsert([{ openid, subscribed: true, unionid }], { at: Date.now() - second })
    await until(async () => (await world.row('p'))?.errcode === 43004)
    await until(() => isHeld(world, 'p'))
    expect(await world.followers.findByOpenid(openid)).toMatchObject({ subscribed: false })
    await follow(world, stranger)
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({ status: 'sent', errcode: null })
  })

  test('ends when it expires, with a worker and without', async () => {
    const world = await startPushing()
    const worker = await world.startWorker()
    await holdOne(world, 'p', { expiresAt: Date.now() + second })
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({ status: 'skipped', reason: 'expired', attempts: 0 })
    await holdOne(world, 'q')
    await worker.stop()
    await world.held.expire(soon() + second)
    expect(await world.row('q')).toMatchObject({ status: 'skipped', reason: 'expired' })
  })

  test('that failed and is sent again on purpose can be held and released once more', async () => {
    const world = await startPushing()
    const worker = await world.startWorker()
    world.simulator.addFault({ path: sendPath, times: 1, action: { errcode: 47003 } })
    await holdOne(world)
    await follow(world, stranger)
    await until(async () => (await world.row('p'))?.status === 'rejected')
    await unfollow(world, stranger)
    await worker.stop()
    const queue = openProducerQueue(world.queue, world.appid)
    onTestFinished(() => queue.close())
    await resend({ queue, pushes: world.pushes }, world.rows())
    await world.startWorker()
    await until(() => isHeld(world, 'p'))
    await follow(world, stranger)
    await until(async () => (await world.row('p'))?.status === 'sent')
    expect(await world.row('p')).toMatchObject({ generation: 1, attempts: 1 })
  })

  test('pushed again after the queue forgot it keeps its place and is sent once', async () => {
    const world = await startPushing()
    const worker = await world.startWorker()
    await holdOne(world)
    const before = await world.row('p')
    expect(await world.producer().push(held(world, stranger, 'p'))).toMatchObject({ status: 'duplicate' })
    await worker.queue.removeDeduplicationKey('p')
    await world.producer().push(held(world, stranger, 'p'))
    const queue = openPlainQueue(world)
    await until(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0))
    expect(await world.row('p')).toEqual(before)
    await follow(world, stranger)
    await world.ended(1)
    expect(accepted(world)).toHaveLength(1)
  })

  test('of a job without an end is no push', async () => {
    const world = await startPushing()
    await world.startWorker()
    await openPlainQueue(world).add('push', {
      v: 1,
      ...world.message(stranger, { id: 'endless', hold: true }),
    })
    await world.ended(1)
    expect(await world.row('endless')).toMatchObject({
      status: 'rejected',
      reason: 'invalid_job',
      detail: expect.stringContaining('expire'),
    })
  })
})

test('who follows is compared with held pushes by index, and not at all when nothing is held', async () => {
  const { database, appid } = await startPushing()
  const [statement] = toPendingReleases(appid, ['o1'])
  const [result] = await database.write([
    {
      sql: `explain query plan ${statement?.sql}`,
      params: statement && 'params' in statement ? statement.params : [],
    },
  ])
  const plan = JSON.stringify(result?.rows)
  expect(plan).toContain('SEARCH pushes USING INDEX pushes_line (held_for=?)')
  expect(plan).toContain('SEARCH followers USING INDEX followers_openid (appid=? AND openid=?)')
  expect(plan).not.toContain('SCAN pushes USING INDEX pushes_held')
})

test('a follow that came just before the push was held releases it', async () => {
  const { held, simulator, appid } = await startPushing()
  const { openid, unionid = '' } = simulator.userAt(0)
  const push = { v: 1, id: 'p', unionid, templateId: 't', data: {}, expiresAt: soon(), hold: true } as const
  const fresh = toNewRow(appid, push, { jobId: 'p', data: push, timestamp: 1, starts: 1 })
  expect(await held.hold(toHeldRow(push, fresh, 'a test'))).toBe(true)
  expect(await held.findPendingReleases(10)).toMatchObject([{ recipient: unionid }])
  const byOpenid = { ...fresh, id: 'q', unionid: null, openid }
  await held.hold(toHeldRow(push, byOpenid, 'a test'))
  expect(await held.findPendingReleases(10)).toMatchObject([{ recipient: unionid }, { recipient: openid }])
})

test('a hold lasts thirty days at most', async () => {
  const world = await startPushing()
  const push = world.producer().push(held(world, stranger, 'p', { expiresAt: Date.now() + 31 * day }))
  await expect(push).rejects.toThrow('expiresAt: expected a time at most 30 days ahead')
})

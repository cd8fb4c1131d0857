import { expect, test, vi } from 'vitest'
import { hour, second } from '../../src/base/duration.ts'
import { TimeoutError } from '../../src/push/wait.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { serveCallbacks } from '../helpers/callbacks.ts'
import { startPushing } from '../helpers/pushing.ts'

test('a push is waited for until it is sent, and until it has its receipt', async () => {
  const world = await startPushing()
  await serveCallbacks(world)
  await world.startWorker()
  const pusher = world.pusher()
  world.simulator.addCallbackRule({ event: 'TEMPLATESENDJOBFINISH', delayMs: 1_000 })
  const { openid, unionid } = world.simulator.userAt(0)
  const { id } = await world.producer().push(world.message(0))
  const sent = await pusher.wait(id)
  const [message] = world.simulator.accepted()
  expect(sent).toMatchObject({
    id,
    account: world.appid,
    status: 'sent',
    openid,
    unionid,
    msgid: message?.msgid,
  })
  expect(await pusher.wait(id, { until: 'delivered' })).toMatchObject({
    id,
    status: 'delivered',
    reason: null,
  })
})

test('any other end of a push ends the wait as well', async () => {
  const world = await startPushing()
  await world.startWorker()
  const pusher = world.pusher()
  await world.producer().push(world.message(25, { id: 'skipped' }))
  expect(await pusher.wait('skipped', { until: 'delivered' })).toMatchObject({
    status: 'skipped',
    reason: 'not_following',
    sentAt: null,
  })
})

test('a program is told in its own language by whichever worker answers', async () => {
  const world = await startPushing()
  await world.startWorker()
  await world.producer().push(world.message(25, { id: 'skipped' }))
  const inEnglish = world.pusher()
  vi.stubEnv('UNIONPUSH_LANG', 'zh')
  const inChinese = world.pusher()
  vi.unstubAllEnvs()
  expect((await inEnglish.wait('skipped')).detail).toMatch(/^no follower of this service account/)
  expect((await inChinese.wait('skipped')).detail).toMatch(/^按最近一次同步，没有粉丝带这个 unionid/)
})

test('who waits in vain learns how far the push has come', async () => {
  const world = await startPushing()
  await world.startWorker()
  const pusher = world.pusher()
  const producer = world.producer()
  await producer.push(world.message(25, { id: 'held', hold: true, expiresAt: Date.now() + hour }))
  await producer.push(world.message(0, { id: 'late', sendAt: Date.now() + hour }))
  await producer.push(world.message(0, { id: 'sent' }))
  await vi.waitUntil(async () => (await world.row('held'))?.reason === 'hold')
  await world.ended(1)
  const missed = async (id: string, until?: 'delivered') => {
    const error = await pusher.wait(id, { until, timeoutMs: 800 }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TimeoutError)
    return error
  }
  expect(await missed('held')).toMatchObject({
    name: 'TimeoutError',
    message: 'Push held was not sent within 800 ms: it is queued, hold',
    record: { id: 'held', status: 'queued', reason: 'hold' },
  })
  expect(await missed('late')).toMatchObject({ record: { status: 'queued', reason: null } })
  expect(await missed('sent', 'delivered')).toMatchObject({
    message: 'There is no receipt for push sent within 800 ms: it is sent',
  })
  expect(await missed('nobody')).toMatchObject({
    message: expect.stringContaining('no push with this id is known'),
    record: null,
  })
})

test('a wait begins before the worker runs and ends with the pusher', async () => {
  const world = await startPushing()
  const pusher = world.pusher()
  await world.producer().push(world.message(0, { id: 'p' }))
  const sent = pusher.wait('p', { timeoutMs: 20 * second })
  const endless = pusher.wait('nobody', { timeoutMs: Number.POSITIVE_INFINITY })
  const ended = expect(endless).rejects.toThrow(QueueUnavailableError)
  await world.startWorker()
  expect(await sent).toMatchObject({ status: 'sent' })
  await pusher.close()
  await ended
})

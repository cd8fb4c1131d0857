import { describe, expect, test, vi } from 'vitest'
import { hour, second } from '../../src/base/duration.ts'
import { cancelPush } from '../../src/operations/cancel.ts'
import { createQueuedPushes } from '../../src/operations/queuedPushes.ts'
import { openProducerQueue } from '../../src/queue/producerQueue.ts'
import { QueueUnavailableError } from '../../src/queue/unavailable.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const sendPath = '/cgi-bin/message/template/send'
const accepted = ({ simulator }: Pushing) => [...simulator.accepted()]
const until = (condition: () => unknown) => vi.waitUntil(condition, { interval: 5, timeout: 20 * second })
const taken = { status: 'skipped', reason: 'cancelled', attempts: 0 }

describe('a push is taken back', () => {
  test('while it waits in a paused queue, and its id stays known', async () => {
    const world = await startPushing()
    const { queue, started } = await world.startWorker()
    await started
    await queue.pause()
    const pusher = world.pusher()
    await pusher.push({ ...world.message(0), templateId: 't', id: 'p' })
    expect(await pusher.cancel('p')).toBe('cancelled')
    expect(await world.row('p')).toMatchObject({ ...taken, templateId: 't' })
    expect(await pusher.push({ ...world.message(0), templateId: 't', id: 'p' })).toEqual({
      id: 'p',
      status: 'duplicate',
    })
    await queue.resume()
    await until(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0))
    await queue.removeDeduplicationKey('p')
    await pusher.push({ ...world.message(0), templateId: 't', id: 'p' })
    await until(async () => Object.values(await queue.getJobCounts()).every((count) => count === 0))
    expect(accepted(world)).toEqual([])
    expect(await pusher.cancel('p')).toBe('cancelled')
  })

  test.each(['p', 'p:1', '42'])('however long it has waited, as %s', async (id) => {
    const world = await startPushing()
    const { queue, started } = await world.startWorker()
    await started
    await queue.pause()
    const producer = world.producer()
    const pusher = world.pusher()
    await producer.pushMany([id, `${id}.x`, `${id}1`].map((other, n) => world.message(n, { id: other })))
    await producer.push(world.message(3, { id: `${id}-late`, sendAt: Date.now() + hour }))
    for (const other of [id, `${id}.x`, `${id}1`, `${id}-late`]) await queue.removeDeduplicationKey(other)
    const recipient = { status: 'queued', unionid: world.simulator.userAt(0).unionid }
    const look = () => pusher.wait(id, { timeoutMs: 300 }).catch((error) => error)
    // On a busy machine the worker may take longer for its answer.
    const waited = await until(async () => {
      const error = await look()
      return error.record && error
    })
    expect(waited).toMatchObject({ name: 'TimeoutError', record: { id, ...recipient } })
    expect(await pusher.cancel(id)).toBe('cancelled')
    expect(await pusher.cancel(`${id}-late`)).toBe('cancelled')
    expect(await pusher.cancel(`${id}.`)).toBe('not_found')
    await queue.resume()
    await world.ended(4)
    expect(accepted(world)).toHaveLength(2)
    expect(await world.row(id)).toMatchObject(taken)
  })

  test('before its time, and leaves the queue at once', async () => {
    const world = await startPushing()
    const { queue } = await world.startWorker()
    const pusher = world.pusher()
    const { id } = await world.producer().push(world.message(0, { sendAt: Date.now() + hour }))
    expect(await pusher.cancel(id)).toBe('cancelled')
    expect(await world.row(id)).toMatchObject(taken)
    await until(async () => (await queue.getJobCounts('delayed')).delayed === 0)
    expect(accepted(world)).toEqual([])
  })

  test('between two tries', async () => {
    const world = await startPushing()
    await world.startWorker()
    world.simulator.addFault({ path: sendPath, action: { errcode: 20001 } })
    await world.producer().push(world.message(0, { id: 'p' }))
    await until(async () => (await world.row('p'))?.reason === 'retry')
    expect(await world.pusher().cancel('p')).toBe('cancelled')
    world.simulator.clearFaults()
    // Nothing else passes, so the try is put down to WeChat and not to the push.
    expect(await world.row('p')).toMatchObject({ ...taken, attempts: 0 })
  })

  test('while it is held', async () => {
    const world = await startPushing()
    await world.startWorker()
    await world.producer().push(world.message(25, { id: 'p', hold: true, expiresAt: Date.now() + hour }))
    await until(async () => (await world.row('p'))?.reason === 'hold')
    expect(await world.pusher().cancel('p')).toBe('cancelled')
    expect(await world.held.count()).toBe(0)
  })
})

describe('it is too late', () => {
  test('while a try is under way, and once it was sent', async () => {
    const world = await startPushing({ simulator: { latencyMs: 500 } })
    await world.startWorker()
    await world.producer().push(world.message(0, { id: 'p' }))
    await until(() => world.simulator.stats().inFlight.now === 1)
    const pusher = world.pusher()
    expect(await pusher.cancel('p')).toBe('too_late')
    await world.ended(1)
    expect(await pusher.cancel('p')).toBe('too_late')
    expect(await world.row('p')).toMatchObject({ status: 'sent' })
  })

  test('when a try got no answer: the user may have the message', async () => {
    const world = await startPushing()
    await world.startWorker()
    world.simulator.addFault({ path: sendPath, action: 'reset_after' })
    await world.producer().push(world.message(0, { id: 'p' }))
    await until(async () => (await world.row('p'))?.reason === 'retry')
    expect(await world.pusher().cancel('p')).toBe('too_late')
    world.simulator.clearFaults()
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({ status: 'sent' })
  })
})

test('a push nobody knows is not found', async () => {
  const world = await startPushing()
  await world.startWorker()
  expect(await world.pusher().cancel('nobody')).toBe('not_found')
  expect(world.rows()).toEqual([])
})

test('a library is told within seconds that no worker runs, and nothing is taken back later', async () => {
  const world = await startPushing()
  const pusher = world.pusher()
  await world.producer().push(world.message(0, { id: 'p' }))
  const askedAt = Date.now()
  const refused = pusher.cancel('p')
  await expect(refused).rejects.toThrow(QueueUnavailableError)
  await expect(refused).rejects.toThrow('start `unionpush worker`')
  expect(Date.now() - askedAt).toBeLessThan(7 * second)
  await world.startWorker()
  await world.ended(1)
  expect(await world.row('p')).toMatchObject({ status: 'sent' })
})

test('whatever the worker does at that moment, what was taken back is not sent and the rest is', async () => {
  const world = await startPushing({ simulator: { latencyMs: 20 } })
  const ids = Array.from({ length: 300 }, (_, n) => `p${n}`)
  await world.producer().pushMany(ids.map((id, n) => world.message(n % 20, { id })))
  const queue = openProducerQueue(world.queue, world.appid)
  const { appid, pushes, accountState } = world
  const queued = createQueuedPushes({ appid, pushes, accountState, openQueue: () => queue })
  await world.startWorker({ concurrency: 10 })
  await until(() => accepted(world).length > 0)
  const answers = new Map(
    await Promise.all(
      ids.map(async (id) => [id, (await cancelPush({ pushes, queued }, id)).status] as const),
    ),
  )
  await world.ended(300)
  await queue.close()

  const rows = world.rows()
  expect(rows).toHaveLength(300)
  const count = (answer: string) => [...answers.values()].filter((given) => given === answer).length
  expect(count('cancelled')).toBeGreaterThan(0)
  expect(count('too_late')).toBeGreaterThan(0)
  expect(count('not_found')).toBe(0)
  for (const { id, status } of rows) {
    expect([id, status]).toEqual([id, answers.get(id) === 'cancelled' ? 'skipped' : 'sent'])
  }
  expect(accepted(world)).toHaveLength(count('too_late'))
})

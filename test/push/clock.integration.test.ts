import { afterEach, expect, test, vi } from 'vitest'
import { day, hour, minute, second } from '../../src/base/duration.ts'
import { InvalidPushError } from '../../src/push/invalidPush.ts'
import { startPushing } from '../helpers/pushing.ts'

const realNow = Date.now
afterEach(() => {
  vi.restoreAllMocks()
})

const offsets = [-2 * minute, 2 * minute]

function setClock(offset: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + offset)
}

test.each(offsets)(
  'a producer whose clock is %i ms ahead is answered, and its times are kept',
  async (offset) => {
    const world = await startPushing()
    await world.startWorkerProcess()
    setClock(offset)
    const pusher = world.pusher()
    const producer = world.producer()
    await producer.push(world.message(0, { id: 'late', sendAt: realNow() + hour }))
    expect(await pusher.cancel('late')).toBe('cancelled')
    const sendAt = realNow() + 2 * second
    await producer.push(world.message(1, { id: 'soon', sendAt }))
    const { status, sentAt } = await pusher.wait('soon')
    expect(status).toBe('sent')
    expect(Date.parse(sentAt ?? '')).toBeGreaterThanOrEqual(sendAt)
    expect(Date.parse(sentAt ?? '')).toBeLessThan(sendAt + 30 * second)
  },
  // The worker is a process, because its clock has to be right.
  60_000,
)

test.each(offsets)(
  'a push is as old as the queue says, though its producer is %i ms ahead',
  async (offset) => {
    const world = await startPushing()
    setClock(offset)
    const producer = world.producer()
    const before = realNow()
    await producer.push(world.message(0, { id: 'one' }))
    await producer.pushMany([world.message(1, { id: 'many' })])
    await producer.push(world.message(2, { id: 'held', hold: true, expiresAt: before + day }))
    const after = realNow()
    vi.restoreAllMocks()
    await world.startWorker()
    for (const { createdAt } of await world.ended(3)) {
      // The queue has its own microseconds, and the way there and back is not always equally long.
      expect(createdAt).toBeGreaterThanOrEqual(before - second)
      expect(createdAt).toBeLessThanOrEqual(after + second)
    }
  },
)

test.each(offsets)(
  'a hold of thirty days is one by the queue, though its producer is %i ms ahead',
  async (offset) => {
    const world = await startPushing()
    setClock(offset)
    const producer = world.producer()
    const hold = (days: number) => world.message(0, { hold: true, expiresAt: realNow() + days * day })
    const [justRight, tooLong] = [hold(30 - minute / day), hold(30 + minute / day)]
    expect(await producer.push(justRight)).toMatchObject({ status: 'queued' })
    await expect(producer.push(tooLong)).rejects.toThrow(InvalidPushError)
    expect(await producer.pushMany([{}, tooLong, justRight, {}])).toEqual({
      queued: 1,
      duplicates: 0,
      invalid: [
        { index: 0, reason: expect.any(String) },
        { index: 1, reason: expect.stringMatching(/^expiresAt: expected a time at most 30 days ahead/) },
        { index: 3, reason: expect.any(String) },
      ],
    })
  },
)

test('a producer whose clock is set while it runs goes on by that of the queue', async () => {
  const world = await startPushing()
  const producer = world.producer()
  await producer.push(world.message(0, { id: 'before' }))
  setClock(-hour)
  await producer.push(world.message(1, { id: 'after' }))
  vi.restoreAllMocks()
  await world.startWorker()
  const rows = await world.ended(2)
  const [first, last] = ['before', 'after'].map((id) => rows.find((row) => row.id === id)?.createdAt ?? 0)
  expect(last).toBeGreaterThanOrEqual((first ?? 0) - second)
})

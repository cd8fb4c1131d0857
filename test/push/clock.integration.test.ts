import { afterEach, expect, test, vi } from 'vitest'
import { hour, minute, second } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'

const realNow = Date.now
afterEach(() => {
  vi.restoreAllMocks()
})

test.each([-2 * minute, 2 * minute])(
  'a producer whose clock is %i ms ahead is answered, and its times are kept',
  async (offset) => {
    const world = await startPushing()
    await world.startWorkerProcess()
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + offset)
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
)

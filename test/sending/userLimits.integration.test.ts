import { describe, expect, test, vi } from 'vitest'
import { day, minute, second } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'

const send = '/cgi-bin/message/template/send'
const patience = { timeout: 10 * second, interval: 10 }
const timezone = 'Asia/Shanghai'
const minutesNow = () => Math.floor(((Date.now() + 8 * 60 * minute) % day) / minute)
/** From an hour ago until in an hour, where the account lives. */
const nowQuiet = () => {
  const at = minutesNow()
  return { from: (at + 1_380) % 1_440, to: (at + 60) % 1_440 }
}

describe('PUSH_CAP', () => {
  test('a user gets no more messages of a template than that, also when all are asked for at once', async () => {
    const world = await startPushing()
    const templateId = String(world.simulator.templates[0]?.templateId)
    const caps = [{ templateId, most: 2, ms: day }]
    await world.startWorker({ userLimits: { caps, quiet: undefined, timezone } })
    const messages = Array.from({ length: 30 }, (_, n) => world.message(n % 3, { id: `p${n}` }))
    await world.producer().pushMany(messages)
    await world.ended(30)
    expect(world.rows().filter(({ status }) => status === 'sent')).toHaveLength(6)
    const capped = world.rows().filter(({ status }) => status === 'skipped')
    expect(capped).toHaveLength(24)
    expect(capped[0]).toMatchObject({
      reason: 'capped',
      attempts: 0,
      detail: expect.stringContaining('outcome.capped_template'),
    })
    expect(world.simulator.stats().calls[send]).toBe(6)
  })

  test('nor over several workers', async () => {
    const world = await startPushing()
    const templateId = String(world.simulator.templates[0]?.templateId)
    const userLimits = { caps: [{ templateId, most: 2, ms: day }], quiet: undefined, timezone }
    await Promise.all([1, 2, 3].map(() => world.startWorker({ concurrency: 4, userLimits })))
    const messages = Array.from({ length: 60 }, (_, n) => world.message(n % 4, { id: `p${n}` }))
    await world.producer().pushMany(messages)
    await world.ended(60)
    expect(world.rows().filter(({ status }) => status === 'sent')).toHaveLength(8)
    expect(world.simulator.stats().calls[send]).toBe(8)
    const left = () => world.database.read.query.leases.findMany().sync()
    await vi.waitUntil(() => left().every(({ name }) => !name.startsWith('cap ')), patience)
  })

  test('one of any template counts all of them, and leaves others alone', async () => {
    const world = await startPushing()
    const [first, second] = world.simulator.templates
    await world.startWorker({
      userLimits: { caps: [{ templateId: '*', most: 1, ms: day }], quiet: undefined, timezone },
    })
    const producer = world.producer()
    await producer.push(world.message(0, { id: 'a' }))
    await world.ended(1)
    expect(first?.templateId).not.toBe(second?.templateId)
    await producer.push(world.message(0, { id: 'b', templateId: second?.templateId }))
    await producer.push(world.message(1, { id: 'c' }))
    await world.ended(3)
    expect(await world.row('b')).toMatchObject({ status: 'skipped', reason: 'capped' })
    expect(await world.row('c')).toMatchObject({ status: 'sent' })
  })
})

describe('QUIET_HOURS', () => {
  test('a push waits for their end, an urgent one does not', async () => {
    const world = await startPushing()
    const { queue } = await world.startWorker({
      userLimits: { caps: [], quiet: { window: nowQuiet(), action: 'wait' }, timezone },
    })
    await world.producer().push(world.message(0, { id: 'p' }))
    await world.producer().push(world.message(1, { id: 'q', urgent: true }))
    await vi.waitUntil(async () => (await queue.getJobCounts('delayed')).delayed === 1, patience)
    await vi.waitUntil(async () => (await world.row('q'))?.status === 'sent', patience)
    expect(await world.row('p')).toMatchObject({ status: 'queued', reason: 'quiet', attempts: 0 })
    const [job] = await queue.getJobs(['delayed'])
    const left = (job?.timestamp ?? 0) + (job?.delay ?? 0) - Date.now()
    expect(left).toBeGreaterThan(58 * minute)
    expect(left).toBeLessThanOrEqual(60 * minute)
    expect(world.simulator.stats().calls[send]).toBe(1)
  })

  test('or is skipped, and outside of them nothing is held up', async () => {
    const world = await startPushing()
    const quiet = nowQuiet()
    await world.startWorker({ userLimits: { caps: [], quiet: { window: quiet, action: 'skip' }, timezone } })
    await world.producer().push(world.message(0, { id: 'p' }))
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({ status: 'skipped', reason: 'quiet', attempts: 0 })
    const other = await startPushing()
    const window = { from: quiet.to, to: quiet.from }
    await other.startWorker({ userLimits: { caps: [], quiet: { window, action: 'skip' }, timezone } })
    await other.producer().push(other.message(0, { id: 'p' }))
    await other.ended(1)
    expect(await other.row('p')).toMatchObject({ status: 'sent' })
  })

  test('a try that got no answer before they began is repeated in them, while WeChat recognises it', async () => {
    const world = await startPushing()
    world.simulator.addFault({ path: send, action: 'reset_after', times: 1 })
    const before = await world.startWorker()
    await world.producer().push(world.message(0, { id: 'p' }))
    await vi.waitUntil(async () => (await world.row('p'))?.reason === 'retry', patience)
    await before.stop()
    const { queue } = await world.startWorker({
      userLimits: { caps: [], quiet: { window: nowQuiet(), action: 'wait' }, timezone },
    })
    for (const job of await queue.getJobs(['delayed'])) await job.promote()
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({ status: 'sent' })
    expect(world.simulator.stats()).toMatchObject({ accepted: 1, calls: { [send]: 2 } })
  })

  test('one that expires before their end expires in time', async () => {
    const world = await startPushing()
    await world.startWorker({
      userLimits: { caps: [], quiet: { window: nowQuiet(), action: 'wait' }, timezone },
    })
    await world.producer().push(world.message(0, { id: 'p', expiresAt: Date.now() + 2 * second }))
    await world.ended(1)
    expect(await world.row('p')).toMatchObject({ status: 'skipped', reason: 'expired' })
  })
})

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { hour, second } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'
import { isFinished, openBroadcasts, patience, sumOf, touched } from './world.ts'

const day = { timeZone: 'Asia/Shanghai', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
const toClock = (time: number) => new Intl.DateTimeFormat('en-GB', day).format(time)

test('outside its window it is paused, and goes on when the window opens', async () => {
  const world = await startPushing({ simulator: { followers: 50 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker()
  const now = Date.now()
  const closed = `${toClock(now + 2 * hour)}-${toClock(now + 3 * hour)}`
  const open = `${toClock(now - hour)}-${toClock(now + hour)}`
  const { id } = await broadcasts.create({ window: closed })
  const paused = await broadcasts.until(id, ({ status }) => status === 'paused')
  expect(paused).toMatchObject({ reason: 'window', counts: { waiting: 50 } })
  expect(paused.detail).toContain(closed)
  expect(touched(world)).toEqual([])
  // As if the hour had come.
  await world.database.write([{ sql: 'update broadcasts set window = ? where id = ?', params: [open, id] }])
  expect(await broadcasts.until(id, isFinished)).toMatchObject({ counts: { sent: 50 } })
})

test('nothing is sent before it is to start', async () => {
  const world = await startPushing({ simulator: { followers: 20 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker()
  const startAt = Date.now() + 3 * second
  const { id, status } = await broadcasts.create({ startAt })
  expect(status).toBe('scheduled')
  const ended = await broadcasts.until(id, isFinished)
  expect(ended.counts.sent).toBe(20)
  expect(Date.parse(ended.startedAt ?? '')).toBeGreaterThanOrEqual(startAt)
  const first = Math.min(...[...world.simulator.accepted()].map(({ at }) => at))
  expect(first).toBeGreaterThanOrEqual(startAt)
})

test('who was not sent to by its end is skipped', async () => {
  const world = await startPushing({ simulator: { followers: 400, latencyMs: 50 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 2 })
  const { id } = await broadcasts.create({ expiresAt: Date.now() + 4 * second })
  const ended = await broadcasts.until(id, isFinished)
  expect(ended).toMatchObject({ reason: 'expired', counts: { waiting: 0 } })
  expect(ended.reasons.expired).toBeGreaterThan(200)
  await vi.waitUntil(async () => (await broadcasts.broadcasts.openWork(1)).inFlight === 0, patience)
  const last = await broadcasts.until(id, () => true)
  expect(sumOf(last)).toBe(400)
  expect(last.counts.sent).toBe(touched(world).length)
})

test('too many refusals pause it, and resume counts them anew', async () => {
  const world = await startPushing({ simulator: { followers: 600 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 10 })
  world.simulator.addFault({
    path: '/cgi-bin/message/template/send',
    action: { errcode: 40165 },
    probability: 0.5,
  })
  const { id } = await broadcasts.create({ maxFailures: '30%' })
  const paused = await broadcasts.until(id, ({ status }) => status === 'paused')
  expect(paused).toMatchObject({ reason: 'failures' })
  expect(paused.detail).toMatch(/broadcast\.failed_mostly.*"reason":"miniprogram_invalid"/)
  expect(paused.counts.sent + paused.counts.rejected).toBeGreaterThanOrEqual(200)
  expect(paused.counts.waiting).toBeGreaterThan(200)
  world.simulator.clearFaults()
  await broadcasts.resume(id)
  const ended = await broadcasts.until(id, isFinished)
  expect(ended.counts.sent + ended.counts.rejected).toBe(600)
  expect(touched(world)).toHaveLength(ended.counts.sent)
})

test('failures keep nobody waiting where nobody waits', async () => {
  const world = await startPushing({ simulator: { followers: 200 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker()
  world.simulator.addFault({ path: '/cgi-bin/message/template/send', action: { errcode: 40165 } })
  const { id } = await broadcasts.create({ maxFailures: 0 })
  const ended = await broadcasts.until(id, ({ status }) => status !== 'running')
  expect(ended).toMatchObject({ status: 'finished', counts: { rejected: 200 } })
})

test('cancelled in the middle, those in flight end as they end', async () => {
  const world = await startPushing({ simulator: { followers: 300, latencyMs: 1_500 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 100 })
  const { id } = await broadcasts.create()
  await vi.waitUntil(() => world.simulator.stats().accepted >= 50, patience)
  const cancelled = await broadcasts.cancel(id)
  expect(cancelled.inFlight).toBeGreaterThan(20)
  expect(sumOf(cancelled)).toBe(300)
  await vi.waitUntil(async () => (await broadcasts.broadcasts.openWork(1)).inFlight === 0, patience)
  const last = await broadcasts.until(id, () => true)
  expect(sumOf(last)).toBe(300)
  expect(last).toMatchObject({ counts: { waiting: 0, unknown: 0, rejected: 0 } })
  expect(last.counts.sent).toBe(touched(world).length)
  expect(last.counts.sent).toBeLessThan(300)
  expect(new Set(touched(world)).size).toBe(touched(world).length)
})

test('at a limit of the account many are handed out at once, so that a distant database does not hold it up', async () => {
  const world = await startPushing({ simulator: { followers: 300 } })
  let claims = 0
  const open = world.database.broadcasts
  vi.spyOn(world.database, 'broadcasts').mockImplementation((appid) => {
    const stores = open(appid)
    return {
      ...stores,
      async claim(...args) {
        claims += 1
        await sleep(20)
        return stores.claim(...args)
      },
    }
  })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ rate: 200 })
  const { id } = await broadcasts.create()
  const ended = await broadcasts.until(id, isFinished)
  expect(ended.counts).toMatchObject({ selected: 300, sent: 300 })
  expect(touched(world)).toHaveLength(300)
  expect(new Set(touched(world)).size).toBe(300)
  expect(claims).toBeLessThan(150)
})

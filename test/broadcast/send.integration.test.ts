import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { broadcastSchema, createdSchema, planSchema } from '../../src/operations/broadcasts/broadcasts.ts'
import { startPushing } from '../helpers/pushing.ts'
import { isFinished, openBroadcasts, patience, sumOf, touched } from './world.ts'

test('everybody gets it once, and the sum adds up', async () => {
  const world = await startPushing({ simulator: { followers: 300 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker()
  const plan = await broadcasts.plan()
  expect(planSchema.parse(plan)).toEqual(plan)
  expect(plan).toMatchObject({ selected: 300, sendable: 300 })
  const created = await broadcasts.create({ name: 'party' })
  expect(createdSchema.parse(created)).toEqual(created)
  const { id, counts } = created
  expect(counts).toMatchObject({ selected: 300, waiting: 300 })
  const ended = await broadcasts.until(id, isFinished)
  expect(broadcastSchema.parse(ended)).toEqual(ended)
  expect(ended).toMatchObject({
    name: 'party',
    counts: { selected: 300, sent: 300, waiting: 0 },
    etaSeconds: 0,
  })
  expect(new Set(touched(world)).size).toBe(300)
  expect(touched(world)).toHaveLength(300)
})

test('a worker killed again and again leaves nobody out and sends to nobody twice', {
  timeout: 180 * second,
}, async () => {
  const world = await startPushing({ simulator: { followers: 600, latencyMs: 20 } })
  const broadcasts = openBroadcasts(world)
  const { id } = await broadcasts.create()
  for (const until of [100, 300]) {
    const worker = await world.startWorkerProcess()
    await vi.waitUntil(() => world.simulator.stats().accepted >= until, { ...patience, interval: 1 })
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
  await world.startWorkerProcess()
  const ended = await broadcasts.until(id, isFinished)
  expect(ended.counts).toMatchObject({ selected: 600, sent: 600 })
  expect(new Set(touched(world)).size).toBe(600)
  expect(touched(world)).toHaveLength(600)
})

test('pause stops it, resume goes on, cancel skips the rest', async () => {
  const world = await startPushing({ simulator: { followers: 400, latencyMs: 20 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 5 })
  const { id } = await broadcasts.create()
  await broadcasts.until(id, ({ counts }) => counts.sent >= 20)
  expect(await broadcasts.pause(id)).toMatchObject({ status: 'paused', reason: 'manual' })
  await broadcasts.resume(id)
  await broadcasts.until(id, ({ counts }) => counts.sent >= 60)
  const cancelled = await broadcasts.cancel(id)
  expect(cancelled).toMatchObject({ status: 'cancelled', counts: { selected: 400, waiting: 0 } })
  expect(sumOf(cancelled)).toBe(400)
  await vi.waitUntil(async () => (await broadcasts.broadcasts.openWork(1)).inFlight === 0, patience)
  const last = await broadcasts.until(id, () => true)
  expect(sumOf(last)).toBe(400)
  expect(last.counts.sent).toBe(touched(world).length)
  expect(last.reasons.cancelled).toBe(last.counts.skipped)
  await expect(broadcasts.resume(id)).rejects.toMatchObject({ code: 'broadcast_over' })
})

test('rows of a file are filled in, bad ones are named by line, and strangers are skipped', async () => {
  const world = await startPushing({ simulator: { followers: 5 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker()
  const { unionid, openid } = world.simulator.userAt(0)
  const other = world.simulator.userAt(1)
  const rows = [
    { unionid, name: '小明' },
    { openid, name: '又是小明' },
    { openid: other.openid, name: '一个比二十个字还要长很多很多很多的名字真的很长' },
    { openid: other.openid, name: '小红' },
    { unionid: 'oStranger', name: '路人' },
    { name: '没有人' },
  ]
  const { id, invalid, counts } = await broadcasts.create({
    audience: { rows },
    data: { thing1: '{{name}}', time2: '2026-12-12 10:00' },
  })
  expect(invalid.map(({ line }) => line)).toEqual([2, 3, 6])
  expect(invalid[0]?.reason).toContain('duplicate')
  expect(counts.selected).toBe(3)
  const ended = await broadcasts.until(id, isFinished)
  expect(ended).toMatchObject({ counts: { sent: 2, skipped: 1 }, reasons: { not_following: 1 } })
  expect([...world.simulator.accepted()].map(({ data }) => data.thing1)).toEqual(
    expect.arrayContaining(['小明', '小红']),
  )
})

test('a template that is gone pauses it before anybody is burnt', async () => {
  const world = await startPushing({ simulator: { followers: 200 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker()
  const { id } = await broadcasts.create({ templateId: 'no_such_template' })
  const paused = await broadcasts.until(id, ({ status }) => status === 'paused')
  expect(paused).toMatchObject({ reason: 'failures', counts: { waiting: 200, rejected: 0 } })
  expect(paused.detail).toContain('40037')
})

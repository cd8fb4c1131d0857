import { expect, test, vi } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import { inLanguage } from '../../src/base/sentences/stored.ts'
import type { Broadcast } from '../../src/operations/broadcasts/broadcasts.ts'
import { startPushing } from '../helpers/pushing.ts'
import { isFinished, openBroadcasts, patience, startReceipts, sumOf, touched } from './world.ts'

test('receipts settle the recipients, also those that overtake the record of their send', async () => {
  const world = await startPushing({ simulator: { followers: 60 } })
  const broadcasts = openBroadcasts(world)
  const callback = await startReceipts(world, { receiptDelayMs: 0 })
  world.simulator.addCallbackRule({ beforeAnswer: true, times: 20 })
  for (const n of [3, 30, 50]) world.simulator.setBlocking(world.simulator.userAt(n).openid, true)
  await world.startWorker()
  const { id } = await broadcasts.create()
  const settled = await broadcasts.until(
    id,
    ({ status, counts }) => status === 'finished' && counts.sent === 0,
  )
  expect(settled).toMatchObject({
    counts: { selected: 60, delivered: 57, undelivered: 3 },
    reasons: { user_block: 3 },
  })
  expect(callback.receiptCounts).toMatchObject({ delivered: 57, undelivered: 3, foreign: 0 })
})

test('a canary whose receipts say delivered goes on by itself', async () => {
  const world = await startPushing({ simulator: { followers: 100 } })
  const broadcasts = openBroadcasts(world)
  await startReceipts(world, { receiptDelayMs: second })
  await world.startWorker()
  const { id } = await broadcasts.create({ canary: '10%' })
  const paused = await broadcasts.until(id, ({ reason }) => reason === 'canary')
  expect(inLanguage(paused, 'en')).toMatchObject({
    status: 'paused',
    detail: expect.stringContaining('receipts'),
    canary: { size: 10, state: 'waiting' },
  })
  expect(touched(world)).toHaveLength(10)
  expect(world.lines.filter(({ reason }) => reason === 'canary')).toHaveLength(1)
  const ended = await broadcasts.until(id, isFinished)
  expect(ended).toMatchObject({ canary: { state: 'passed', delivered: 10 } })
  expect(sumOf(ended)).toBe(100)
  expect(touched(world)).toHaveLength(100)
})

test('a canary of which more than one in twenty is not delivered waits for a person', async () => {
  const world = await startPushing({ simulator: { followers: 100 } })
  const broadcasts = openBroadcasts(world)
  await startReceipts(world, { receiptDelayMs: second })
  for (const n of [2, 3]) world.simulator.setBlocking(world.simulator.userAt(n).openid, true)
  await world.startWorker()
  const { id } = await broadcasts.create({ canary: 20 })
  const isSettled = ({ canary }: Broadcast) => canary?.delivered === 18 && canary.undelivered === 2
  await broadcasts.until(id, isSettled)
  // Whoever leads it looks at it many times meanwhile.
  const leadsUntil = async () => (await world.database.leases().find(`broadcast ${id}`))?.until ?? 0
  const now = await leadsUntil()
  await vi.waitUntil(async () => (await leadsUntil()) > now, patience)
  expect(await broadcasts.show(id)).toMatchObject({ status: 'paused', reason: 'canary' })
  await broadcasts.resume(id)
  expect(await broadcasts.until(id, isFinished)).toMatchObject({ canary: { state: 'passed' } })
  expect(touched(world)).toHaveLength(100)
})

test('messages that are accepted and not delivered pause it as well', { timeout: minute }, async () => {
  const world = await startPushing({ simulator: { followers: 600, latencyMs: 100 } })
  const broadcasts = openBroadcasts(world)
  await startReceipts(world, { receiptDelayMs: 0 })
  world.simulator.addCallbackRule({ status: 'failed: system failed', probability: 0.4 })
  await world.startWorker({ concurrency: 5 })
  const { id } = await broadcasts.create()
  const paused = await broadcasts.until(id, ({ status }) => status === 'paused')
  expect(paused).toMatchObject({ reason: 'failures' })
  expect(paused.detail).toMatch(/broadcast\.failed_mostly.*"reason":"system_failed"/)
  expect(paused.counts.waiting).toBeGreaterThan(50)
  await vi.waitUntil(
    () => world.lines.some(({ msg }) => String(msg).startsWith('broadcast paused')),
    patience,
  )
})

import { expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { startPushing } from '../helpers/pushing.ts'
import { createRedisServer } from '../helpers/redisServer.ts'
import { isFinished, openBroadcasts, patience, sumOf, touched } from './world.ts'

const path = '/cgi-bin/message/template/send'

test('a Redis that lost everything loses nobody', async () => {
  const redis = await createRedisServer()
  await redis.start()
  const queue = { kind: 'redis' as const, urls: [redis.url] }
  const world = await startPushing({ queue, simulator: { followers: 500, latencyMs: 20 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 10 })
  const { id } = await broadcasts.create()
  for (const until of [50, 150, 250]) {
    await vi.waitUntil(() => world.simulator.stats().accepted >= until, patience)
    await redis.command('FLUSHALL')
  }
  const ended = await broadcasts.until(id, isFinished)
  expect(ended.counts).toMatchObject({ selected: 500, sent: 500 })
  expect(touched(world)).toHaveLength(500)
  expect(new Set(touched(world)).size).toBe(500)
})

test.each([40037, 43116])('a template that goes in the middle (%i) burns nobody', async (errcode) => {
  const world = await startPushing({ simulator: { followers: 400, latencyMs: 10 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 20 })
  world.simulator.addFault({ path, action: { errcode }, after: 100 })
  const { id } = await broadcasts.create()
  const paused = await broadcasts.until(id, ({ status }) => status === 'paused')
  expect(paused).toMatchObject({ reason: 'failures', counts: { rejected: 0 } })
  expect(paused.detail).toContain(String(errcode))
  await vi.waitUntil(async () => (await broadcasts.broadcasts.openWork(1)).inFlight === 0, patience)
  const { counts } = await broadcasts.until(id, () => true)
  expect(counts).toMatchObject({ sent: 100, rejected: 0, waiting: 300 })
  // All that were in flight came back denied: people are told once.
  expect(world.lines.filter(({ msg }) => msg === 'broadcast paused')).toHaveLength(1)
  world.simulator.clearFaults()
  await broadcasts.resume(id)
  // Those who were denied a template that we know get a second look half a minute later.
  const later = await broadcasts.until(id, ({ counts }) => counts.sent >= 340)
  expect(later).toMatchObject({ status: 'running', counts: { rejected: 0, unknown: 0 } })
  expect(new Set(touched(world)).size).toBe(touched(world).length)
})

test('the quota ends in the middle: the rest waits, and single pushes keep theirs', async () => {
  const world = await startPushing({
    simulator: { followers: 400, quotas: { templateSend: 300 } },
  })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 10 })
  const { id } = await broadcasts.create()
  const paused = await broadcasts.until(id, ({ status }) => status === 'paused')
  expect(paused).toMatchObject({ reason: 'quota', counts: { sent: 270, waiting: 130 } })
  await world.producer().push(world.message(0, { id: 'single' }))
  await world.ended(1)
  expect(await world.row('single')).toMatchObject({ status: 'sent' })
  expect(touched(world)).toHaveLength(271)
})

test('who failed, and who followed since, are sent to again on request', async () => {
  const world = await startPushing({ simulator: { followers: 6 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ attempts: 1 })
  const { simulator, followers } = world
  const [fresh, busy, refused] = [0, 1, 2].map((n) => simulator.userAt(n))
  if (!fresh || !busy || !refused) throw new Error('no people')
  await followers.upsert([{ openid: fresh.openid, subscribed: false }], { at: Date.now() + second })
  simulator.addFault({ path, action: { errcode: 40165 }, match: { openid: refused.openid } })
  simulator.addFault({ path, action: 'reset_before', match: { openid: busy.openid }, times: 1 })
  const rows = [0, 1, 2, 3].map((n) => ({ openid: simulator.userAt(n).openid }))
  const { id } = await broadcasts.create({ audience: { rows } })
  const ended = await broadcasts.until(id, isFinished)
  expect(ended.counts).toMatchObject({ selected: 4, skipped: 1 })
  expect(ended.reasons).toMatchObject({ not_following: 1, miniprogram_invalid: 1 })
  expect(await broadcasts.retry(id)).toEqual({ retried: ended.reasons.retries_exhausted ?? 0 })
  await followers.upsert([{ openid: fresh.openid, subscribed: true }], { at: Date.now() + 2 * second })
  await broadcasts.until(id, isFinished)
  expect(await broadcasts.retry(id)).toEqual({ retried: 1 })
  expect(await broadcasts.until(id, isFinished)).toMatchObject({ counts: { skipped: 0, sent: 3 } })
  simulator.clearFaults()
  expect(await broadcasts.retry(id)).toEqual({ retried: 0 })
  expect(await broadcasts.retry(id, 'miniprogram_invalid')).toEqual({ retried: 1 })
  const last = await broadcasts.until(id, isFinished)
  expect(last).toMatchObject({ counts: { selected: 4, sent: 4 }, reasons: {} })
  expect(sumOf(last)).toBe(4)
  expect(touched(world).toSorted()).toEqual(rows.map(({ openid }) => openid).toSorted())
})

test('a person whose two names only a sync brings together is sent to once', async () => {
  const world = await startPushing({ simulator: { followers: 3 }, known: 0 })
  const broadcasts = openBroadcasts(world)
  const { openid, unionid = '' } = world.simulator.userAt(0)
  const other = world.simulator.userAt(1)
  const named = { audience: { rows: [{ unionid }, { openid }, { unionid: other.unionid }] } }
  const { id, invalid } = await broadcasts.create(named)
  expect(invalid).toEqual([])
  const people = [
    { openid, unionid, subscribed: true },
    { openid: other.openid, unionid: other.unionid ?? '', subscribed: true },
  ]
  await world.followers.upsert(people, { at: Date.now() })
  await world.startWorker()
  const ended = await broadcasts.until(id, isFinished)
  expect(ended).toMatchObject({ counts: { sent: 2, skipped: 1 }, reasons: { duplicate: 1 } })
  expect(touched(world).toSorted()).toEqual([openid, other.openid].toSorted())
})

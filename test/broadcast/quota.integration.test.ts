import { expect, test, vi } from 'vitest'
import { day, hour, minute } from '../../src/base/duration.ts'
import { createQuotaWatch } from '../../src/broadcast/pace/quotaWatch.ts'
import type { BroadcastRow } from '../../src/db/broadcasts/row.ts'
import { startPushing } from '../helpers/pushing.ts'
import { isFinished, openBroadcasts, patience, sumOf, touched } from './world.ts'

const quotaPath = '/cgi-bin/openapi/quota/get'

test('WeChat says that the quota is used up (45009): it goes on after midnight, with nobody lost', async () => {
  const world = await startPushing({ simulator: { followers: 150, quotas: { templateSend: 100 } } })
  // Where the quota cannot be asked for, the refusals of sends are what tells.
  world.simulator.addFault({ path: quotaPath, action: { errcode: 48001 } })
  const broadcasts = openBroadcasts(world)
  await world.startWorker({ concurrency: 10 })
  const { id } = await broadcasts.create()
  const paused = await broadcasts.until(
    id,
    ({ status, counts }) => status === 'paused' && counts.sent === 100,
  )
  expect(paused).toMatchObject({ reason: 'quota', counts: { waiting: 50, rejected: 0 } })
  world.simulator.clearFaults()
  world.simulator.advance(day)
  await world.database.write([{ sql: 'update account_state set probe_at = 0', params: [] }])
  const ended = await broadcasts.until(id, isFinished)
  expect(ended.counts).toMatchObject({ selected: 150, sent: 150 })
  expect(new Set(touched(world)).size).toBe(150)
  expect(touched(world)).toHaveLength(150)
})

test('a pause for the quota outlives the process, and another one goes on when the day changes', async () => {
  const world = await startPushing({ simulator: { followers: 150, quotas: { templateSend: 100 } } })
  const broadcasts = openBroadcasts(world)
  const first = await world.startWorker({ concurrency: 10 })
  const { id } = await broadcasts.create()
  const isPaused = await broadcasts.until(id, ({ reason }) => reason === 'quota')
  expect(isPaused).toMatchObject({ status: 'paused', counts: { sent: 90, waiting: 60 } })
  await first.stop()

  const second = await world.startWorker({ concurrency: 10 })
  const asked = () => world.simulator.stats().calls[quotaPath] ?? 0
  const before = asked()
  await vi.waitUntil(() => asked() > before, patience)
  expect(await broadcasts.show(id)).toMatchObject({ reason: 'quota', counts: { sent: 90 } })
  await second.stop()

  world.simulator.advance(day)
  await world.startWorker({ concurrency: 10 })
  const ended = await broadcasts.until(id, isFinished)
  expect(sumOf(ended)).toBe(150)
  expect(ended.counts.sent).toBe(150)
  expect(new Set(touched(world)).size).toBe(150)
})

const noon = Date.parse('2026-11-30T12:00:00+08:00')

/** `underWay`: sends that each broadcast that is open has under way. */
function watch(answers: (number | undefined)[], underWay = [0]) {
  const row = { id: 'b1', status: 'running', reason: null, cap: null, handedOut: 0 } as Pick<
    BroadcastRow,
    'id' | 'status' | 'reason' | 'cap' | 'handedOut'
  > as BroadcastRow
  let asked = 0
  const open = underWay.map((_, no): BroadcastRow => ({ ...row, no }))
  const { keep } = createQuotaWatch({
    broadcasts: {
      listOpen: async () => open,
      openWork: async (no) => ({
        inFlight: underWay[no] ?? 0,
        hasChunks: true,
        retries: 0,
        nextRetryAt: null,
      }),
    },
    api: {
      async getQuota() {
        asked += 1
        const remain = answers.shift()
        if (remain === undefined) throw new Error('no answer')
        return { dailyLimit: 1_000, used: 1_000 - remain, remain }
      },
    },
    async change(changed, next) {
      Object.assign(changed, next)
      return true
    },
    async pause(changed, reason) {
      Object.assign(changed, { status: 'paused', reason })
    },
  })
  return { row, look: (now: number) => keep(row, now), asked: () => asked }
}

test('a tenth of the day is kept, and when the rest is used up the next day is waited for', async () => {
  const { row, look } = watch([500, 100, 90, 1_000])
  await look(noon)
  expect(row).toMatchObject({ status: 'running', cap: 400, dailyLimit: 1_000 })
  row.handedOut = 400
  await look(noon + 1)
  expect(row).toMatchObject({ status: 'paused', reason: 'quota' })
  await look(noon + 10 * minute + 1)
  expect(row).toMatchObject({ status: 'paused', reason: 'quota' })
  await look(noon + 12 * hour + 2 * minute)
  expect(row).toMatchObject({ status: 'running', reason: null, cap: 1_300 })
})

test('where WeChat does not answer, what it said holds for that day and not for the next', async () => {
  const { row, look, asked } = watch([100, undefined, undefined, undefined])
  await look(noon)
  expect(row).toMatchObject({ status: 'paused', reason: 'quota' })
  await look(noon + 11 * minute)
  expect(asked()).toBe(2)
  expect(row).toMatchObject({ status: 'paused', reason: 'quota' })
  await look(noon + 12 * hour + 2 * minute)
  expect(row).toMatchObject({ status: 'running', reason: null, cap: null })
})

test('several share what is left, and who is under way may not be counted yet', async () => {
  const underWay = [60, 40]
  const { row, look } = watch([500, 150, 140, 100], underWay)
  await look(noon)
  expect(row).toMatchObject({ status: 'running', cap: 150 })
  row.handedOut = 150
  await look(noon + 1)
  expect(row).toMatchObject({ status: 'running', cap: 150 })
  underWay.fill(0)
  await look(noon + 2)
  expect(row).toMatchObject({ status: 'running', cap: 170 })
  row.handedOut = 170
  await look(noon + 3)
  expect(row).toMatchObject({ status: 'paused', reason: 'quota' })
})

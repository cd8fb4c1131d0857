import { describe, expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import type { Fault, FaultAction } from '../../src/simulator/control/fault.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const send = '/cgi-bin/message/template/send'
const quota = '/cgi-bin/openapi/quota/get'
const everywhere = '/'
const concurrency = 20
const calls = ({ simulator }: Pushing, path = send) => simulator.stats().calls[path] ?? 0
const ofWechat = ({ lines }: Pushing) => lines.filter(({ need }) => need === 'wechat')
const patience = { timeout: 15 * second, interval: 10 }

/** 500 pushes of which at least 100 are out when the outage begins. */
async function startBusyWorker(fault: Fault, attempts = 2) {
  const world = await startPushing({ simulator: { latencyMs: 5 } })
  const messages = Array.from({ length: 500 }, (_, n) => world.message(n % 20, { id: `p${n}` }))
  await world.producer().pushMany(messages)
  await world.startWorker({ concurrency, attempts })
  await vi.waitUntil(() => world.simulator.stats().accepted >= 100, patience)
  const before = calls(world)
  world.simulator.addFault(fault)
  return { world, before }
}

describe('an outage that answers puts nothing in doubt but what was under way:', () => {
  const outages: [string, Fault][] = [
    ['502', { path: everywhere, action: { status: 502 } }],
    ['an HTML page', { path: everywhere, action: 'html' }],
    ['resets after the call was taken', { path: everywhere, action: 'reset_after' }],
  ]
  test.each(outages)('%s', async (_, fault) => {
    const { world, before } = await startBusyWorker(fault)
    await vi.waitUntil(() => calls(world, quota) >= 1, patience)
    expect(calls(world) - before).toBeLessThanOrEqual(2 * concurrency)
    const inDoubt = world.rows().filter(({ unknownSince }) => unknownSince !== null)
    // Two failures in a row are no outage yet, and answers from before it may come in between: each makes room for a call.
    expect(inDoubt.length).toBeLessThanOrEqual(2 * concurrency)
    expect(world.rows().filter(({ finishedAt, status }) => finishedAt !== null && status !== 'sent')).toEqual(
      [],
    )
    world.simulator.clearFaults()
    const rows = await world.ended(500)
    expect(rows.filter(({ status }) => status !== 'sent')).toEqual([])
    expect(world.simulator.stats().accepted).toBe(500)
    expect(ofWechat(world).map(({ level }) => level)).toEqual(['warn', 'info'])
  })
})

test('when only template/send fails, one push at a time tries it', async () => {
  const { world, before } = await startBusyWorker({ path: send, action: { status: 502 } })
  await vi.waitUntil(() => calls(world, quota) >= 2, patience)
  expect(calls(world) - before).toBeLessThanOrEqual(2 * concurrency + 2)
  world.simulator.clearFaults()
  const rows = await world.ended(500)
  expect(rows.filter(({ status }) => status !== 'sent')).toEqual([])
})

test('-1 to everything loses nothing however long it lasts, and is told in one line', async () => {
  const { world } = await startBusyWorker({ path: everywhere, action: { errcode: -1 } }, 2)
  await vi.waitUntil(() => calls(world, quota) >= 1, patience)
  const then = calls(world)
  await vi.waitUntil(() => calls(world, quota) >= 2, patience)
  expect(calls(world)).toBe(then)
  expect(world.rows().filter(({ status }) => status === 'rejected')).toEqual([])
  expect(ofWechat(world)).toHaveLength(1)
  world.simulator.clearFaults()
  await vi.waitUntil(() => ofWechat(world).length === 2, patience)
}, 30_000)

test.each<[string, FaultAction, object]>([
  ['-1', { errcode: -1 }, { status: 'rejected', reason: 'retries_exhausted' }],
  [
    'a fault of the platform',
    { errcode: 20001 },
    { status: 'rejected', reason: 'retries_exhausted', errcode: 20001 },
  ],
  ['no answer', 'reset_after', { status: 'unknown', reason: 'ambiguous' }],
])('a push that alone keeps getting %s while others pass comes to its end', async (_, action, end) => {
  const world = await startPushing()
  await world.startWorker({ attempts: 2 })
  const { openid } = world.simulator.userAt(0)
  world.simulator.addFault({ path: send, action, match: { openid } })
  const producer = world.producer()
  for (let n = 0; n < 20; n++) await producer.push(world.message(1, { id: `good${n}` }))
  await world.ended(20)
  await producer.push(world.message(0, { id: 'bad' }))
  await vi.waitUntil(
    async () => (await world.row('bad'))?.errcode ?? (await world.row('bad'))?.detail,
    patience,
  )
  await producer.push(world.message(1, { id: 'another' }))
  await world.ended(22)
  expect(await world.row('bad')).toMatchObject({ ...end, attempts: 2 })
  expect((await world.ended(22)).filter(({ status }) => status === 'sent')).toHaveLength(21)
})

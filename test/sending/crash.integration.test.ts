import { once } from 'node:events'
import { expect, test, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { type Pushing, startPushing } from '../helpers/pushing.ts'

const sendPath = '/cgi-bin/message/template/send'
const many = (world: Pushing, count: number) =>
  world.producer().pushMany(Array.from({ length: count }, (_, n) => world.message(n % 20, { id: `p${n}` })))

test('a worker killed in the middle of its sends loses no push and doubles none', async () => {
  const world = await startPushing({ simulator: { latencyMs: 20 } })
  await many(world, 600)
  for (const until of [100, 300]) {
    const worker = await world.startWorkerProcess()
    await vi.waitUntil(() => world.simulator.stats().accepted >= until, { interval: 1, timeout: 10 * second })
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
  await world.startWorkerProcess()
  const rows = await world.ended(600)

  expect(rows.every(({ status }) => status === 'sent')).toBe(true)
  const accepted = [...world.simulator.accepted()]
  expect(accepted).toHaveLength(600)
  expect(new Set(rows.map(({ msgid }) => msgid))).toEqual(new Set(accepted.map(({ msgid }) => msgid)))
  const { calls, duplicates } = world.simulator.stats()
  expect(calls[sendPath]).toBe(600 + duplicates)
  expect(duplicates).toBeLessThanOrEqual(2 * 50)
  // Those that were under way when the process died are the ones that were tried twice.
  expect(rows.filter(({ attempts }) => attempts > 1).length).toBeGreaterThan(0)
})

test('two workers share the pushes of an account and send each once', async () => {
  const world = await startPushing()
  await world.startWorkerProcess()
  await world.startWorkerProcess()
  await many(world, 1_000)
  const rows = await world.ended(1_000)
  expect(rows.every(({ status, attempts }) => status === 'sent' && attempts === 1)).toBe(true)
  expect(world.simulator.stats()).toMatchObject({ accepted: 1_000, duplicates: 0 })
})

test('SIGTERM finishes what is under way and ends with exit code 0', async () => {
  const world = await startPushing({ simulator: { latencyMs: 200 } })
  await many(world, 300)
  const worker = await world.startWorkerProcess()
  await vi.waitUntil(() => world.simulator.stats().inFlight.now === 50, { interval: 1, timeout: 10 * second })
  worker.kill('SIGTERM')
  const [code] = await once(worker, 'exit')
  expect(code).toBe(0)
  const rows = world.rows()
  expect(rows.every(({ status }) => status === 'sent')).toBe(true)
  expect(rows).toHaveLength(world.simulator.stats().accepted)
})

import { dirname } from 'node:path'
import { expect, test, vi } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import { startCli } from '../helpers/cli.ts'
import { type Pushing, redisUrl, startPushing } from '../helpers/pushing.ts'

// Four processes, each of which takes seconds to start on a busy machine.
vi.setConfig({ testTimeout: 4 * minute })

const soon = { timeout: minute, interval: 5 }
const sendPath = '/cgi-bin/message/template/send'

test('workers that are replaced one by one under load lose no push and send none twice', async () => {
  const world = await startPushing({ simulator: { latencyMs: 200 } })
  const first = await Promise.all([startWorker(world), startWorker(world)])
  const load = startLoad(world)

  for (const old of first) {
    await startWorker(world)
    // Two have at most 100 sends under way: with more, none of the three is idle when one of them is told to stop.
    await vi.waitUntil(() => world.simulator.stats().inFlight.now > 100, soon)
    old.child.kill('SIGTERM')
    expect(await old.ended).toMatchObject({ code: 0, stdout: '' })
  }
  const queued = await load.stop()
  const rows = await world.ended(queued, minute)

  expect(queued).toBeGreaterThan(500)
  expect(rows).toHaveLength(queued)
  expect(rows.filter(({ status, attempts }) => status !== 'sent' || attempts !== 1)).toEqual([])
  const { accepted, duplicates, calls } = world.simulator.stats()
  expect({ accepted, duplicates, calls: calls[sendPath] }).toEqual({
    accepted: queued,
    duplicates: 0,
    calls: queued,
  })
})

/** `unionpush worker` as its user starts it, and ready. */
async function startWorker({ appid, simulator, path }: Pushing) {
  const env = {
    WECHAT_API_BASE: simulator.base,
    WECHAT_APPID: appid,
    WECHAT_SECRET: simulator.secret,
    DATABASE_URL: `file:${path}`,
    REDIS_URL: redisUrl,
  }
  const worker = startCli(['worker'], { cwd: dirname(path), env })
  await worker.waitFor(/"msg":"ready"/)
  return worker
}

/** Queues pushes so that several hundred always wait, until it is stopped; that resolves with how many there were. */
function startLoad(world: Pushing) {
  const producer = world.producer()
  let isOn = true
  let queued = 0
  const all = (async () => {
    while (isOn) {
      await producer.pushMany(
        Array.from({ length: 200 }, (_, n) => world.message(n % 20, { id: `p${queued + n}` })),
      )
      queued += 200
      await vi.waitUntil(() => !isOn || queued - world.simulator.stats().accepted < 400, soon)
    }
    return queued
  })()
  return {
    stop() {
      isOn = false
      return all
    },
  }
}

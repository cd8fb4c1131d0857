import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig } from '../../src/base/programConfig.ts'
import { loadStatus } from '../../src/operations/status.ts'
import { openOnlyAccount } from '../helpers/onlyAccount.ts'
import { createTestLog, makeDir, redisUrl, startPushing } from '../helpers/pushing.ts'

async function open(path: string, appid: string, REDIS_URL: string) {
  const { log } = createTestLog()
  const env = { WECHAT_APPID: appid, WECHAT_SECRET: 's', DATABASE_URL: `file:${path}`, REDIS_URL }
  const account = await openOnlyAccount(loadConfig(env), log)
  onTestFinished(account.close)
  return account
}

test('status tells what the workers wait for, as long as they do', async () => {
  const world = await startPushing()
  const account = await open(world.path, world.appid, redisUrl)
  const circuit = async () => (await loadStatus([account])).accounts[0]?.circuit
  world.simulator.addFault({ path: '/cgi-bin/message/template/send', action: { status: 502 } })
  world.simulator.addFault({ path: '/cgi-bin/openapi/quota/get', action: { status: 502 }, times: 1 })
  await world.producer().pushMany(Array.from({ length: 200 }, (_, n) => world.message(n % 20)))
  expect(await circuit()).toBeNull()
  await (await world.startWorker({ concurrency: 5 })).started
  await vi.waitUntil(async () => (await circuit()) !== null, { timeout: 10_000, interval: 20 })
  expect(await circuit()).toMatchObject({ need: 'wechat', detail: expect.stringContaining('502') })
  world.simulator.clearFaults()
  await vi.waitUntil(async () => (await circuit()) === null, { timeout: 20_000, interval: 20 })
})

test('of several that wait the longest is told, and one that was killed only for a while', async () => {
  const path = join(await makeDir(), 'test.db')
  const account = await open(path, 'wx1', redisUrl)
  const circuits = account.runtime.database.openCircuits('wx1')
  const now = Date.now()
  const told = async () => (await circuits.findOldest(now))?.detail
  await circuits.record('a', { need: 'wechat', detail: 'newer', since: now - 1_000, until: now + 60_000 })
  await circuits.record('b', { need: 'queue', detail: 'older', since: now - 5_000, until: now + 30_000 })
  expect(await told()).toBe('older')
  expect((await circuits.findOldest(now + 30_000))?.detail).toBe('newer')
  await circuits.remove('b', 'wechat')
  expect(await told()).toBe('older')
  await circuits.remove('b', 'queue')
  expect(await told()).toBe('newer')
  expect(await circuits.findOldest(now + 60_000)).toBeUndefined()
})

test('a queue that cannot be asked is told with its reason', async () => {
  const account = await open(join(await makeDir(), 'test.db'), 'wx1', 'redis://127.0.0.1:1')
  const { accounts } = await loadStatus([account])
  expect(accounts[0]).toMatchObject({
    queue: null,
    queueProblems: [expect.stringMatching(/^\{"key":"away\..*"127\.0\.0\.1:1"/)],
  })
}, 60_000)

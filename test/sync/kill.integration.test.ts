import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { minute } from '../../src/base/duration.ts'
import type { Simulator } from '../../src/simulator/controls.ts'
import { forkProcess } from '../helpers/forkProcess.ts'
import { makeDir } from '../helpers/pushing.ts'
import { startSimulator } from '../helpers/simulatorClient.ts'
import { readTable } from '../helpers/syncing.ts'
import { openSyncStack } from '../helpers/syncStack.ts'

const account = {
  seed: 7,
  followers: 3_000,
  pageSize: 100,
  withoutUnionid: 0.1,
  latencyMs: 3,
  // The same second for both accounts.
  now: () => 1_800_000_000_000,
}

test('syncs killed at random pages leave the table, the counts and the calls of syncs that were not', {
  timeout: 90_000,
}, async () => {
  const [calm, killed] = [await startAccount(), await startAccount()]
  const kills = { first: 0, second: 0 }
  const expected = await calm.finish()
  while (kills.first < 4 && (await killed.killAfter(1 + Math.floor(Math.random() * 5)))) kills.first += 1
  expect(await killed.finish()).toEqual(toResumed(expected))
  expect(killed.table()).toEqual(calm.table())
  expect(killed.simulator.stats().batchgetOpenids).toBeLessThanOrEqual(3_000 + kills.first * 300)

  for (const { simulator } of [calm, killed]) change(simulator)
  const [calmPages, killedPages] = [calm.countPages(), killed.countPages()]
  const nameless = new Set(calm.table().flatMap(({ openid, unionid }) => (unionid === null ? [openid] : [])))
  const again = await calm.finish()
  const askedAgain = calm
    .table()
    .filter(({ openid, subscribed }) => subscribed && nameless.has(openid)).length
  // The new ones, and those whose unionid may have come since.
  expect(again).toMatchObject({ fetched: 40 + askedAgain, added: 40, unsubscribed: 60 })
  while (kills.second < 2 && (await killed.killAfter(1 + Math.floor(Math.random() * 8)))) kills.second += 1
  expect(await killed.finish()).toEqual(toResumed(again))
  expect(killed.table()).toEqual(calm.table())

  expect(kills).toEqual({ first: 4, second: 2 })
  // The page in work, and none else, is fetched again.
  expect(killedPages).toBeLessThanOrEqual(calmPages + kills.first)
  expect(killed.countPages()).toBeLessThanOrEqual(calm.countPages() + kills.first + kills.second)
})

/** An account and a table, synced by one process after another; each is ahead of the one before by the life of a lease. */
async function startAccount() {
  const { simulator } = await startSimulator(account)
  const path = join(await makeDir(), 'test.db')
  const stack = await openSyncStack({ path, wechat: simulator })
  onTestFinished(() => stack.close())
  let ahead = 0

  function startProcess(): ChildProcess {
    ahead += minute
    const { base, appid, secret } = simulator
    const child = forkProcess('sync', [path, base, appid, secret, String(ahead)])
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const countPages = () => Object.values(simulator.stats().cursors).reduce((sum, times) => sum + times, 0)

  return {
    simulator,
    countPages,
    table: () => readTable(stack, simulator.appid),
    async finish() {
      const [result] = await once(startProcess(), 'message')
      return { ...result, durationMs: 0 }
    },
    /** False if it was faster than that. */
    async killAfter(pages: number): Promise<boolean> {
      const child = startProcess()
      const exited = once(child, 'exit')
      const target = countPages() + pages
      while (countPages() < target && child.exitCode === null) await sleep(1)
      child.kill('SIGKILL')
      const [, signal] = await exited
      return signal === 'SIGKILL'
    },
  }
}

function toResumed<Result extends object>(result: Result) {
  return { ...result, resumed: true }
}

/** Some leave, some come. */
function change(simulator: Simulator): void {
  for (let n = 0; n < 60; n++) simulator.unfollow(simulator.userAt(n * 50).openid)
  for (let n = 0; n < 40; n++) simulator.follow()
}

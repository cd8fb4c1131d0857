import { join } from 'node:path'
import { asc, eq } from 'drizzle-orm'
import { onTestFinished } from 'vitest'
import type { Log } from '../../src/base/log.ts'
import { followers } from '../../src/db/sqlite/followers/tables.ts'
import type { SimulatorOptions } from '../../src/simulator/options.ts'
import { makeDir } from './pushing.ts'
import { startSimulator } from './simulatorClient.ts'
import { openSyncStack, type SyncStack } from './syncStack.ts'

/** A simulated account and everything that syncs it, on a database of its own; gone after the test. */
export async function startSyncing(
  options: SimulatorOptions = {},
  more: { now?: () => number; log?: Log } = {},
) {
  const { simulator } = await startSimulator({ seed: 1, pageSize: 50, withoutUnionid: 0.1, ...options })
  const path = join(await makeDir(), 'test.db')
  const stack = await openSyncStack({ path, wechat: simulator, ...more })
  onTestFinished(() => stack.close())
  return { ...stack, path, simulator, table: () => readTable(stack, simulator.appid) }
}

/** What a sync is for, without what differs from run to run. */
export function readTable({ db }: Pick<SyncStack, 'db'>, appid: string) {
  const { openid, unionid, subscribed, subscribeTime, scene, tagIds, remark } = followers
  return db.read
    .select({ openid, unionid, subscribed, subscribeTime, scene, tagIds, remark })
    .from(followers)
    .where(eq(followers.appid, appid))
    .orderBy(asc(openid))
    .all()
}

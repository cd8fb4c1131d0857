import { onTestFinished, vi } from 'vitest'
import { second } from '../../src/base/duration.ts'
import { startCallback } from '../../src/callback/callback.ts'
import type { Followers } from '../../src/db/followers.ts'
import type { Stores } from '../../src/db/stores.ts'
import { callbackRoutes } from '../../src/http/callbackRoutes.ts'
import { startHttpServer } from '../../src/http/server.ts'
import {
  type Broadcast,
  type BroadcastDeps,
  type BroadcastInput,
  cancelOne,
  createOne,
  findBroadcast,
  pauseOne,
  planOne,
  resumeOne,
  retryOne,
} from '../../src/operations/broadcasts/broadcasts.ts'
import type { PushReason } from '../../src/push/status.ts'
import type { CallbackOptions } from '../../src/simulator/callbacks/options.ts'
import type { Pushing } from '../helpers/pushing.ts'

export const patience = { timeout: 120 * second, interval: 20 }

type BroadcastsWorld = Pick<Pushing, 'appid' | 'accountState' | 'simulator'> & {
  database: Pick<Stores, 'broadcasts' | 'templates'>
}

/** What one may ask about the broadcasts of an account, and waits for what becomes of them. */
export function openBroadcasts({ appid, database, accountState, simulator }: BroadcastsWorld) {
  const broadcasts = database.broadcasts(appid)
  const deps: BroadcastDeps = {
    name: appid,
    broadcasts,
    accountState,
    templates: database.templates(appid),
    config: { timezone: 'Asia/Shanghai', pushConcurrency: 50, pushRate: 0 },
    api: { getQuota: () => Promise.reject(new Error('not asked')) },
  }
  const templateId = simulator.templates[0]?.templateId ?? ''
  const data = { thing1: '周年庆', time2: '2026-12-12 10:00' }
  return {
    ...deps,
    create: (more: Partial<BroadcastInput> = {}) =>
      createOne(deps, { templateId, data, audience: { all: true }, ...more }),
    plan: (more: Partial<BroadcastInput> = {}) =>
      planOne(deps, { templateId, data, audience: { all: true }, ...more, dryRun: true }),
    show: (id: string) => findBroadcast(deps, id),
    pause: (id: string) => pauseOne(deps, id),
    resume: (id: string) => resumeOne(deps, id),
    cancel: (id: string) => cancelOne(deps, id),
    retry: (id: string, reason?: PushReason) => retryOne(deps, id, reason),
    async until(id: string, isWanted: (broadcast: Broadcast) => boolean): Promise<Broadcast> {
      let last: Broadcast | undefined
      await vi.waitUntil(async () => {
        last = await findBroadcast(deps, id)
        return last && isWanted(last)
      }, patience)
      if (!last) throw new Error('no broadcast')
      return last
    },
  }
}

/** A callback server on the database of an account, which the simulator tells of every receipt. */
export async function startReceipts(
  {
    appid,
    database,
    followers,
    simulator,
    log,
  }: Pick<Pushing, 'appid' | 'simulator' | 'log'> & { database: Stores; followers: Followers },
  more: Partial<CallbackOptions> = {},
) {
  const token = 'receipts'
  const callback = startCallback({
    appid,
    accounts: [{ appid, token, encodingAesKeys: [] }],
    db: database,
    api: { getFollower: () => Promise.reject(new Error('not asked')) },
    followers,
    log,
  })
  const { receive, refusals } = callback
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    log,
    routes: async (app) => void (await app.register(callbackRoutes, { find: () => ({ receive }), refusals })),
  })
  onTestFinished(async () => {
    simulator.removeCallback()
    await server.close()
    await callback.close()
  })
  const check = await simulator.setCallback({ url: `${server.url}/wechat/callback`, token, ...more })
  if (!check.ok) throw new Error(check.problem)
  return callback
}

export const isFinished = ({ status }: Broadcast) => status === 'finished'
export const sumOf = ({ counts: { selected: _, ...others } }: Broadcast) =>
  Object.values(others).reduce((sum, n) => sum + n, 0)
export const touched = (world: Pushing) => [...world.simulator.accepted()].map(({ openid }) => openid)

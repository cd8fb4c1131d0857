import { expect, test } from 'vitest'
import { say } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import type { SyncAlert } from '../../src/health/alertText.ts'
import { createSyncAlerts } from '../../src/sync/syncAlerts.ts'
import { startSyncing } from '../helpers/syncing.ts'

const pagePath = '/cgi-bin/user/get'

async function openAlerts() {
  const world = await startSyncing({ followers: 30, withoutUnionid: 0 })
  const alerts: SyncAlert[] = []
  const told: string[] = []
  const open = () =>
    createSyncAlerts({
      syncRuns: world.syncRuns,
      post: (item) => alerts.push(item),
      tell: async (detail) => told.push(detail),
    })
  return { ...world, alerts, told, open }
}

test('a sync that goes on failing is told once, by whatever process, and so is its end', async () => {
  const { sync, simulator, alerts, open } = await openAlerts()
  const tell = open()
  await tell(sync)
  expect(alerts).toEqual([])
  const quota = simulator.addFault({ path: pagePath, action: { errcode: 45009 } })
  await tell(sync)
  expect(alerts).toEqual([
    { kind: 'sync_failed', status: 'interrupted', detail: expect.stringContaining('wechat.45009') },
  ])
  await tell(sync)
  await open()(sync)
  expect(alerts).toHaveLength(1)
  quota.remove()
  const account = simulator.addFault({ path: pagePath, action: { errcode: 50007 } })
  await tell(sync)
  expect(alerts).toHaveLength(2)
  account.remove()
  await open()(sync)
  await tell(sync)
  expect(alerts.slice(2)).toEqual([{ kind: 'sync_complete' }])
})

test('a sync whose list is not to be believed is told', async () => {
  const { sync, simulator, alerts, open } = await openAlerts()
  const tell = open()
  await tell(sync)
  for (let n = 0; n < 20; n++) simulator.unfollow(simulator.userAt(n).openid)
  await tell(sync)
  await tell(sync)
  expect(alerts).toEqual([
    {
      kind: 'sync_failed',
      status: 'stopped',
      detail: toStored(say('sync.drops_most', { count: 20, subscribed: 30 })),
    },
  ])
})

test('a sync that somebody stops, or that another runs already, is not told', async () => {
  const { sync, leases, simulator, alerts, open } = await openAlerts()
  const tell = open()
  await tell(() => sync({ signal: AbortSignal.abort() }))
  const name = `sync ${simulator.appid}`
  const renewal = setInterval(() => leases.acquire(name, 'another', (Date.now() % 1_000) + 10_000), 20)
  await leases.acquire(name, 'another', 10_000)
  expect((await tell(sync)).status).toBe('busy')
  clearInterval(renewal)
  expect(alerts).toEqual([])
})

test('a sync that throws is told once while it throws the same', async () => {
  const { sync, alerts, told, open } = await openAlerts()
  const tell = open()
  const fail = () => Promise.reject(new Error('the disk is full'))
  await expect(tell(fail)).rejects.toThrow('the disk is full')
  await expect(tell(fail)).rejects.toThrow('the disk is full')
  expect(alerts).toEqual([
    {
      kind: 'sync_failed',
      status: 'failed',
      detail: toStored(say('sync.failed', { why: 'the disk is full' })),
    },
  ])
  expect(told).toEqual([toStored(say('sync.failed', { why: 'the disk is full' }))])
  await tell(sync)
  expect(alerts.at(-1)).toEqual({ kind: 'sync_complete' })
})

import { describe, expect, test } from 'vitest'
import type { CheckResult } from '../../../src/operations/doctor/check.ts'
import { checks } from '../../../src/operations/doctor/checks/checks.ts'
import { judgeSendQuota } from '../../../src/operations/doctor/checks/quota.ts'
import { judgeFreeSpace, judgeGrowth } from '../../../src/operations/doctor/checks/storage.ts'
import { listChecks, runChecks } from '../../../src/operations/doctor/run.ts'
import { startDoctorWorld } from '../../helpers/doctorWorld.ts'
import { faults } from './faults.ts'

const disks = ['disk', 'database_growth']
/** What is so in every test: a simulator without TLS and without a second address, a Redis of tests, nobody at work. */
const expected = [
  'api_base',
  'wechat_fallback',
  'redis_persistence',
  'alert_url',
  'secrets',
  'worker',
  'callback',
]

test('there are at least thirty checks, each with a name of its own, a description and a fault', () => {
  const names = checks.map(({ name }) => name)
  expect(names.length).toBeGreaterThanOrEqual(30)
  expect(new Set(names).size).toBe(names.length)
  expect(Object.keys(faults).concat(disks).sort()).toEqual([...names].sort())
  for (const language of ['en', 'zh'] as const) {
    expect(listChecks(language).filter(({ description }) => description === '')).toEqual([])
  }
  const firstSlow = checks.findIndex(({ isSlow }) => isSlow)
  expect(checks.slice(firstSlow).every(({ isSlow }) => isSlow)).toBe(true)
})

describe('each fault is found by its check', () => {
  test.each(Object.entries(faults))('%s', { timeout: 40_000 }, async (name, fault) => {
    const world = await startDoctorWorld(fault.options)
    if (fault.isSynced) await world.withAccount((account) => account.sync({}))
    await fault.inject?.(world)
    const results = await world.examine([name], (examined) => fault.change?.(examined, world) ?? examined)
    const [status, detail] = fault.says
    expect(results.get(name)).toEqual({
      name,
      status,
      detail: expect.stringMatching(detail),
      hint: expect.any(String),
    })
  })
})

test('an account that is well passes every check that is not about this machine', {
  timeout: 40_000,
}, async () => {
  const world = await startDoctorWorld()
  await world.withAccount(async (account) => {
    await account.sync({})
    await account.refreshTemplates()
    await account.tokens.get()
  })
  const results = await world.examine([])
  expect([...results.keys()]).toEqual(checks.map(({ name }) => name))
  const troubles = [...results.values()].filter(
    ({ name, status }) => (status === 'warn' || status === 'fail') && !expected.includes(name),
  )
  expect(troubles).toEqual([])
  expect(results.get('token_conflict')?.status).toBe('ok')
  expect(results.get('cron')?.status).toBe('ok')
  expect(results.get('clock')?.detail).toMatch(/^within [1-5] s /)
})

test('what cannot be looked at is skipped with the reason, and nothing is told twice', {
  timeout: 40_000,
}, async () => {
  const world = await startDoctorWorld()
  world.env.WECHAT_SECRET = '0'.repeat(32)
  const results = await world.examine(['token', 'ip_whitelist', 'quota', 'templates', 'permissions'])
  const statuses = [...results.values()].map(({ name, status }) => [name, status])
  expect(Object.fromEntries(statuses)).toEqual({
    token: 'fail',
    ip_whitelist: 'skipped',
    quota: 'skipped',
    templates: 'skipped',
    permissions: 'skipped',
  })
  delete world.env.WECHAT_APPID
  const without = await world.examine(['node', 'disk', 'quota'])
  expect([...without.values()].map(({ status }) => status)).toEqual(['ok', 'skipped', 'skipped'])
})

test('with several accounts a result names the one it is about, and what they share is told once', {
  timeout: 40_000,
}, async () => {
  const world = await startDoctorWorld()
  const results = await world.open(async (examined) => {
    const [first] = examined.accounts
    const accounts = first ? [first, { ...first, name: 'second' }] : []
    const all: CheckResult[] = []
    for await (const result of runChecks({ ...examined, accounts }, ['node', 'sync'], 'en')) all.push(result)
    return all
  })
  expect(results.map(({ name, account }) => [name, account])).toEqual([
    ['node', undefined],
    ['sync', world.appid],
    ['sync', 'second'],
  ])
})

test('nothing is sent, stored or left in the queue', { timeout: 40_000 }, async () => {
  const world = await startDoctorWorld()
  await world.examine([])
  expect([...world.simulator.accepted()]).toEqual([])
  await world.withAccount(async ({ tokens, templates, openQueue }) => {
    expect(await tokens.peek()).toBeUndefined()
    expect(await templates.list()).toEqual([])
    expect(await openQueue().run((queue) => queue.getJobCounts('waiting', 'delayed', 'prioritized'))).toEqual(
      {
        waiting: 0,
        delayed: 0,
        prioritized: 0,
      },
    )
  })
})

test('no secret is in a result', { timeout: 40_000 }, async () => {
  const world = await startDoctorWorld()
  world.env.ALERT_WEBHOOK_URL = 'http://127.0.0.1:1/robot?key=secret-of-the-robot'
  const told = JSON.stringify([...(await world.examine([])).values()])
  expect(told).toContain('127.0.0.1:1')
  for (const secret of [
    world.simulator.secret,
    world.simulator.miniprogram.secret,
    world.callbackToken,
    'secret-of',
  ]) {
    expect(told).not.toContain(secret)
  }
})

test('a disk that is full, nearly full, or will be', () => {
  const megabyte = 2 ** 20
  expect(judgeFreeSpace('/data', 99 * megabyte).status).toBe('fail')
  expect(judgeFreeSpace('/data', 500 * megabyte).status).toBe('warn')
  expect(judgeFreeSpace('/data', 5_000 * megabyte).status).toBe('ok')
  const usual = { size: 300 * megabyte, perDay: 1_000_000, historyDays: 90 }
  expect(judgeGrowth({ ...usual, free: 50_000 * megabyte }).status).toBe('warn')
  expect(judgeGrowth({ ...usual, free: 100_000 * megabyte }).status).toBe('ok')
})

test('the hour at which the quota is used up counts from midnight in Shanghai', () => {
  const noon = Date.parse('2026-11-20T12:00:00+08:00')
  const quota = (used: number) => ({ dailyLimit: 100_000, used, remain: 100_000 - used })
  expect(judgeSendQuota(quota(40_000), noon).status).toBe('ok')
  expect(judgeSendQuota(quota(72_000), noon)).toMatchObject({
    status: 'warn',
    sentence: { key: 'quota.burns', facts: { at: '16:40' } },
  })
  // A burst right after midnight is no pace.
  expect(judgeSendQuota(quota(50_000), noon - 11.9 * 3_600_000).status).toBe('ok')
  expect(judgeSendQuota(quota(100_000), noon).status).toBe('fail')
})

import { describe, expect, test } from 'vitest'
import { isTrial } from '../../src/db/accountState.ts'
import { createAccountState } from '../../src/db/sqlite/accountState.ts'
import { createLeases } from '../../src/db/sqlite/leases.ts'
import { createTemplates } from '../../src/db/sqlite/templates.ts'
import { createTokenStore } from '../../src/db/sqlite/tokens.ts'
import { openTestDatabase } from '../helpers/database.ts'

const appid = 'wx0123456789abcdef'

describe('the stored token', () => {
  test('is replaced by newer ones only', async () => {
    const tokens = createTokenStore(await openTestDatabase())
    expect(await tokens.load(appid)).toBeUndefined()
    await tokens.save(appid, { token: 'second', obtainedAt: 2_000, expiresAt: 9_000 })
    await tokens.save(appid, { token: 'late first', obtainedAt: 1_000, expiresAt: 8_000 })
    expect(await tokens.load(appid)).toEqual({ appid, token: 'second', obtainedAt: 2_000, expiresAt: 9_000 })
    await tokens.save(appid, { token: 'third', obtainedAt: 3_000, expiresAt: 7_000 })
    expect(await tokens.load(appid)).toMatchObject({ token: 'third' })
    expect(await tokens.load('wx-other')).toBeUndefined()
  })
})

describe('after the clock was a day ahead', () => {
  const ahead = 86_400_000

  test('the token stored then is not believed, and is replaced', async () => {
    const database = await openTestDatabase()
    const tokens = createTokenStore(database, () => 1_000)
    const dead = { token: 'dead', obtainedAt: ahead, expiresAt: ahead + 7_200_000 }
    await tokens.save(appid, dead)
    expect(await createTokenStore(database, () => ahead).load(appid)).toMatchObject(dead)
    expect(await tokens.load(appid)).toBeUndefined()
    await tokens.save(appid, { token: 'good', obtainedAt: 1_000, expiresAt: 7_201_000 })
    expect(await tokens.load(appid)).toMatchObject({ token: 'good' })
  })

  test('a lease taken then is free', async () => {
    const database = await openTestDatabase()
    await createLeases(database, { now: () => ahead }).acquire('sync', 'dead', 30_000)
    const leases = createLeases(database, { now: () => 1_000 })
    expect(await leases.acquire('sync', 'me', 30_000)).toBe(true)
    expect(await leases.acquire('sync', 'another', 30_000)).toBe(false)
  })
})

describe('a lease', () => {
  test('has one holder until it runs out or is released', async () => {
    let now = 1_000
    const leases = createLeases(await openTestDatabase(), { now: () => now })
    const asked = await Promise.all(['a', 'b', 'c'].map((owner) => leases.acquire('sync', owner, 100)))
    expect(asked).toEqual([true, false, false])
    expect(await leases.acquire('ip_not_allowed', 'b', 100)).toBe(true)
    expect(await leases.acquire('sync', 'a', 200)).toBe(true)
    expect(await leases.find('sync')).toEqual({ name: 'sync', owner: 'a', until: 1_200 })

    now = 1_199
    expect(await leases.acquire('sync', 'b', 100)).toBe(false)
    now = 1_200
    expect(await leases.acquire('sync', 'b', 100)).toBe(true)
    expect(await leases.renew('sync', 'a', 100)).toBe(false)
    await leases.release('sync', 'a')
    expect(await leases.renew('sync', 'b', 500)).toBe(true)
    expect(await leases.find('sync')).toMatchObject({ owner: 'b', until: 1_700 })
    await leases.release('sync', 'b')
    expect(await leases.acquire('sync', 'c', 100)).toBe(true)
  })

  test('is purged when it has run out', async () => {
    let now = 1_000
    const leases = createLeases(await openTestDatabase(), { now: () => now })
    await leases.acquire('short', 'a', 100)
    await leases.acquire('long', 'a', 101)
    now = 1_100
    expect(await leases.purge()).toBe(1)
    expect(await leases.find('short')).toBeUndefined()
    expect(await leases.find('long')).toMatchObject({ owner: 'a' })
  })
})

describe('the state of an account', () => {
  const pause = {
    reason: 'quota_exhausted',
    detail: 'the daily quota is used up',
    since: 1_000,
    probeAt: 5_000,
  } as const

  test('is paused, probed and resumed by one caller each', async () => {
    const state = createAccountState(await openTestDatabase(), appid)
    expect(await state.find()).toBeUndefined()
    expect(await state.claimProbe(9_000, 10_000)).toBe(false)
    expect(
      await Promise.all([state.pause(pause), state.pause({ ...pause, reason: 'ip_not_allowed' })]),
    ).toEqual([true, false])
    expect(await state.find()).toMatchObject({
      pausedReason: 'quota_exhausted',
      pausedDetail: 'the daily quota is used up',
      pausedSince: 1_000,
      probeAt: 5_000,
      probes: 0,
    })
    expect(await state.claimProbe(4_999, 10_000)).toBe(false)
    expect(await Promise.all([state.claimProbe(5_000, 10_000), state.claimProbe(5_000, 10_000)])).toEqual([
      true,
      false,
    ])
    expect(await state.find()).toMatchObject({ probeAt: 10_000, probes: 1 })
    expect(await Promise.all([state.resume(), state.resume()])).toEqual([true, false])
    expect(await state.find()).toMatchObject({
      pausedReason: null,
      pausedSince: null,
      probeAt: null,
      probes: 0,
    })
    expect(await state.pause({ ...pause, reason: 'account_restricted' })).toBe(true)
  })

  test('is tried by a push, refused or resumed by one caller each, and not while a person has paused it', async () => {
    const state = createAccountState(await openTestDatabase(), appid)
    await state.pause(pause)
    await state.claimProbe(5_000, 10_000)
    expect(await Promise.all([state.refuseTrial(pause), state.endTrial()])).toEqual([false, false])
    expect(await state.startTrial('ip_not_allowed')).toBe(false)
    expect(await state.startTrial('quota_exhausted')).toBe(true)
    const trial = await state.find()
    expect(trial).toMatchObject({ pausedReason: 'quota_exhausted', probeAt: null, probes: 1 })
    expect(isTrial(trial)).toBe(true)
    const refusal = { reason: 'api_unauthorized', detail: 'd', probeAt: 20_000 } as const
    expect(await Promise.all([state.refuseTrial(refusal), state.refuseTrial(refusal)])).toEqual([true, false])
    expect(await state.find()).toMatchObject({
      pausedReason: 'api_unauthorized',
      pausedSince: 1_000,
      probeAt: 20_000,
      probes: 1,
    })
    await state.startTrial('api_unauthorized')
    expect(await Promise.all([state.endTrial(), state.endTrial()])).toEqual([true, false])
    expect(await state.find()).toMatchObject({ pausedReason: null, probes: 0 })
    await state.pauseByHand({ detail: 'd', since: 2_000 })
    expect(isTrial(await state.find())).toBe(false)
    expect(await Promise.all([state.refuseTrial(refusal), state.endTrial()])).toEqual([false, false])
  })

  test('keeps its rate through a pause', async () => {
    const state = createAccountState(await openTestDatabase(), appid)
    await state.slowDown({ rate: 50.5, refusedRate: 60, at: 1_000, apart: 100 })
    await state.pause(pause)
    await state.setRate(25, 1_000)
    expect(await state.find()).toMatchObject({ rate: 25, refusedRate: 60, pausedReason: 'quota_exhausted' })
    await state.resume()
    expect(await state.find()).toMatchObject({ rate: 25 })
    await state.setRate(null, 1_000)
    expect(await state.find()).toMatchObject({ rate: null })
  })

  test('is slowed down by one of several callers, and not raised by who has not seen it', async () => {
    const state = createAccountState(await openTestDatabase(), appid)
    const slowDown = (rate: number, at: number) =>
      state.slowDown({ rate, refusedRate: null, at, apart: 1_000 })
    expect(await Promise.all([slowDown(100, 5_010), slowDown(50, 5_000)])).toEqual([true, false])
    expect(await slowDown(50, 6_009)).toBe(false)
    expect(await slowDown(50, 6_010)).toBe(true)
    expect(await state.setRate(80, 5_010)).toBe(false)
    expect(await state.setRate(80, 6_010)).toBe(true)
    // A clock that was set back.
    expect(await slowDown(40, 2_000)).toBe(true)
    expect(await state.setRate(null, 2_000)).toBe(true)
    expect(await slowDown(90, 2_001)).toBe(true)
  })
})

test('the templates are those WeChat listed last', async () => {
  const database = await openTestDatabase()
  const templates = createTemplates(database, appid)
  const other = createTemplates(database, 'wx-other')
  const toTemplate = (templateId: string, title: string) => ({
    templateId,
    title,
    content: '{{thing1.DATA}}',
    example: '',
    primaryIndustry: 'IT',
    deputyIndustry: 'IT',
  })
  await other.replace([toTemplate('a', 'theirs')], 500)
  await templates.replace([toTemplate('a', 'first'), toTemplate('b', 'second')], 1_000)
  await templates.replace([toTemplate('b', 'changed'), toTemplate('c', 'third')], 2_000)
  expect(await templates.list()).toEqual([
    { appid, fetchedAt: 2_000, ...toTemplate('b', 'changed') },
    { appid, fetchedAt: 2_000, ...toTemplate('c', 'third') },
  ])
  expect(await templates.find('a')).toBeUndefined()
  expect(await templates.find('c')).toMatchObject({ title: 'third' })
  expect(await other.list()).toHaveLength(1)
})

import { describe, expect, test } from 'vitest'
import { day, minute } from '../../src/base/duration.ts'
import { isTrial } from '../../src/db/accountState.ts'
import { engines } from './engines.ts'

const appid = 'wx0123456789abcdef'

describe.each(engines)('$name', ({ create }) => {
  describe('the stored token', () => {
    test('is replaced by newer ones only', async () => {
      const { database } = await create()
      const tokens = database.tokens()
      expect(await tokens.load(appid)).toBeUndefined()
      await tokens.save(appid, { token: 'second', obtainedAt: 2_000, expiresAt: 9_000 })
      await tokens.save(appid, { token: 'late first', obtainedAt: 1_000, expiresAt: 8_000 })
      expect(await tokens.load(appid)).toEqual({
        appid,
        token: 'second',
        obtainedAt: 2_000,
        expiresAt: 9_000,
      })
      await tokens.save(appid, { token: 'third', obtainedAt: 3_000, expiresAt: 7_000 })
      expect(await tokens.load(appid)).toMatchObject({ token: 'third' })
      expect(await tokens.load('wx-other')).toBeUndefined()
    })

    test('of a clock that was a day ahead is not believed, and is replaced', async () => {
      const { database, query } = await create()
      const tokens = database.tokens()
      const now = Date.now()
      await tokens.save(appid, { token: 'dead', obtainedAt: now + day, expiresAt: now + 2 * day })
      expect(await query('SELECT token FROM access_tokens')).toEqual([{ token: 'dead' }])
      expect(await tokens.load(appid)).toBeUndefined()
      await tokens.save(appid, { token: 'good', obtainedAt: now, expiresAt: now + day })
      expect(await tokens.load(appid)).toMatchObject({ token: 'good' })
    })
  })

  describe('a lease', () => {
    test('has one holder until it is released', async () => {
      const { database, openAgain } = await create()
      const leases = database.leases()
      const others = (await openAgain()).leases()
      const before = Date.now()
      const asked = await Promise.all(['a', 'b', 'c'].map((owner) => leases.acquire('sync', owner, minute)))
      expect(asked).toEqual([true, false, false])
      expect(await others.acquire('sync', 'b', minute)).toBe(false)
      expect(await others.acquire('ip_not_allowed', 'b', minute)).toBe(true)
      expect(await leases.acquire('sync', 'a', day)).toBe(true)
      const lease = await others.find('sync')
      expect(lease).toMatchObject({ name: 'sync', owner: 'a' })
      expect(lease?.until).toBeGreaterThan(before + day - minute)
      expect(lease?.until).toBeLessThan(Date.now() + day + minute)
      await others.release('sync', 'b')
      expect(await leases.renew('sync', 'a', minute)).toBe(true)
      await leases.release('sync', 'a')
      expect(await leases.find('sync')).toBeUndefined()
      expect(await leases.renew('sync', 'a', minute)).toBe(false)
      expect(await others.acquire('sync', 'c', minute)).toBe(true)
    })

    test('that has run out is free, and lost to who held it', async () => {
      const { database, query } = await create()
      const leases = database.leases()
      await leases.acquire('sync', 'a', minute)
      await query(`UPDATE leases SET until = ${Date.now() - 1}`)
      expect(await leases.find('sync')).toMatchObject({ owner: 'a' })
      expect(await leases.acquire('sync', 'b', minute)).toBe(true)
      expect(await leases.renew('sync', 'a', minute)).toBe(false)
      expect(await leases.renew('sync', 'b', minute)).toBe(true)
    })

    test('of a clock that was a day ahead is free', async () => {
      const { database, query } = await create()
      const leases = database.leases()
      await leases.acquire('sync', 'dead', 30_000)
      await query(`UPDATE leases SET until = until + ${day}`)
      expect(await leases.acquire('sync', 'me', 30_000)).toBe(true)
      expect(await leases.acquire('sync', 'another', 30_000)).toBe(false)
    })

    test('is purged when it has run out', async () => {
      const { database, query } = await create()
      const leases = database.leases()
      for (const name of ['old', 'new', 'odd']) await leases.acquire(name, 'a', minute)
      await query(`UPDATE leases SET until = ${Date.now() - 1} WHERE name = 'old'`)
      await query(`UPDATE leases SET until = ${Date.now() + 2 * day} WHERE name = 'odd'`)
      expect(await leases.purge()).toBe(2)
      expect(await leases.find('old')).toBeUndefined()
      expect(await leases.find('new')).toMatchObject({ owner: 'a' })
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
      const state = (await create()).database.accountState(appid)
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
      const state = (await create()).database.accountState(appid)
      await state.pause(pause)
      await state.claimProbe(5_000, 10_000)
      expect(await Promise.all([state.refuseTrial(pause), state.endTrial()])).toEqual([false, false])
      expect(await state.startTrial('ip_not_allowed')).toBe(false)
      expect(await state.startTrial('quota_exhausted')).toBe(true)
      const trial = await state.find()
      expect(trial).toMatchObject({ pausedReason: 'quota_exhausted', probeAt: null, probes: 1 })
      expect(isTrial(trial)).toBe(true)
      const refusal = { reason: 'api_unauthorized', detail: 'd', probeAt: 20_000 } as const
      expect(await Promise.all([state.refuseTrial(refusal), state.refuseTrial(refusal)])).toEqual([
        true,
        false,
      ])
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
      const state = (await create()).database.accountState(appid)
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
      const state = (await create()).database.accountState(appid)
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
    const { database } = await create()
    const templates = database.templates(appid)
    const other = database.templates('wx-other')
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
    expect(await Promise.all(['a', 'b', 'd'].map(templates.isGone))).toEqual([true, false, false])
    expect(await other.isGone('a')).toBe(false)
    await templates.replace([toTemplate('b', 'changed')], 2_000 + 91 * day)
    expect(await Promise.all(['a', 'c'].map(templates.isGone))).toEqual([false, true])
  })

  test('a template is paused by one caller, looked at by one, and resumed by one', async () => {
    const { database } = await create()
    const pauses = database.templatePauses(appid)
    const pause = {
      templateId: 't',
      reason: 'template_invalid',
      detail: 'why',
      since: 1_000,
      probeAt: 2_000,
    } as const
    expect(await Promise.all([pauses.pause(pause), pauses.pause({ ...pause, detail: 'newer' })])).toEqual([
      true,
      false,
    ])
    expect(await pauses.list()).toEqual([{ ...pause, detail: 'newer', probes: 0 }])
    expect(await database.templatePauses('wx-other').list()).toEqual([])
    expect(await pauses.claimProbe('t', 1_999, 9_000)).toBe(false)
    expect(await Promise.all([1, 2].map(() => pauses.claimProbe('t', 2_000, 9_000)))).toEqual([true, false])
    expect(await pauses.list()).toMatchObject([{ probeAt: 9_000, probes: 1 }])
    expect(await Promise.all([1, 2].map(() => pauses.resume('t')))).toEqual([true, false])
    expect(await pauses.list()).toEqual([])
    expect(await pauses.claimProbe('t', 9_000, 10_000)).toBe(false)
    expect(await pauses.pause(pause)).toBe(true)
  })

  test('of what the workers wait for the oldest is told, until it ends or is not to be believed any more', async () => {
    const { database } = await create()
    const circuits = database.openCircuits(appid)
    const now = Date.now()
    const circuit = { need: 'wechat', detail: 'no answer', since: now - 2_000, until: now + minute } as const
    expect(await circuits.findOldest(now)).toBeUndefined()
    await circuits.record('worker 1', circuit)
    await circuits.record('worker 1', { ...circuit, detail: 'still no answer' })
    await circuits.record('worker 2', { ...circuit, need: 'queue', since: now - 3_000 })
    await database.openCircuits('wx-other').record('worker 3', { ...circuit, since: 0 })
    expect(await circuits.findOldest(now)).toEqual({ ...circuit, need: 'queue', since: now - 3_000 })
    await circuits.remove('worker 2', 'queue')
    await circuits.remove('worker 2', 'wechat')
    expect(await circuits.findOldest(now)).toEqual({ ...circuit, detail: 'still no answer' })
    expect(await circuits.findOldest(now + minute)).toBeUndefined()
  })
})

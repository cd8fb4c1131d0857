import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { minute, second } from '../../src/base/duration.ts'
import { type Calls, slowDown, speedUp, toWindow } from '../../src/health/rateMath.ts'
import { createPacedAccount, fixedWindow, slidingWindow, tokenBucket } from '../helpers/pacedAccount.ts'

const calls = (accepted: number, all: number, inMinute = accepted): Calls => ({
  inSecond: { accepted, all },
  inMinute: { accepted: inMinute, all: inMinute + all - accepted },
})

describe('the pace after a refusal', () => {
  test('that nothing limited yet is a little below what was accepted, and never so low that one refusal stops it', () => {
    expect(slowDown(undefined, calls(120, 180), 'too_fast')).toEqual({ limit: 108, refused: undefined })
    expect(slowDown(undefined, calls(0, 1), 'too_fast').limit).toBe(10)
    expect(slowDown(undefined, calls(0, 50, 6_000), 'too_fast').limit).toBe(90)
  })

  test('of a few calls is just below the pace that was refused', () => {
    expect(slowDown({ limit: 100, refused: undefined }, calls(95, 100), 'too_fast')).toEqual({
      limit: expect.closeTo(92.15),
      refused: 95,
    })
    expect(slowDown({ limit: 5, refused: undefined }, calls(4, 5), 'too_fast')).toEqual({
      limit: 4.85,
      refused: 5,
    })
  })

  test('of a good part of the calls is below what was accepted, and what is refused may be a little more', () => {
    const pace = slowDown({ limit: 100, refused: undefined }, calls(60, 100), 'too_fast')
    expect(pace).toEqual({ limit: expect.closeTo(58.2), refused: expect.closeTo(66) })
    expect(speedUp(pace, 1)).toBeCloseTo(59.36)
    expect(speedUp({ ...pace, limit: 63 }, 5)).toBeCloseTo(64.02)
  })

  test('of many calls is well below what was accepted, and the search for the limit starts again', () => {
    const fallen = slowDown({ limit: 114, refused: 120 }, calls(40, 100), 'too_fast')
    expect(fallen).toEqual({ limit: expect.closeTo(41.04), refused: undefined })
    expect(slowDown({ limit: 100, refused: 120 }, calls(1, 100), 'too_fast').limit).toBe(30)
    expect(slowDown({ limit: 1, refused: 1 }, calls(0, 3), 'too_fast').limit).toBe(0.5)
  })

  test('that may have nothing to do with the pace leaves ten a second, or what there was', () => {
    expect(slowDown({ limit: 100, refused: undefined }, calls(0, 50), 'busy').limit).toBe(30)
    expect(slowDown({ limit: 12, refused: undefined }, calls(0, 50), 'busy').limit).toBe(10)
    expect(slowDown({ limit: 10, refused: undefined }, calls(0, 1), 'busy').limit).toBe(10)
    expect(slowDown({ limit: 4, refused: undefined }, calls(0, 50), 'busy').limit).toBe(4)
  })

  test('of every call for a second is what a minute takes on average, and does not fall any further', () => {
    const pace = slowDown({ limit: 2_000, refused: undefined }, calls(0, 1_000, 3_000), 'too_fast')
    expect(pace).toEqual({ limit: 48.5, refused: 50 })
    expect(slowDown(pace, calls(0, 50, 3_000), 'too_fast')).toEqual(pace)
  })
})

describe('the pace without a refusal', () => {
  test('grows faster and faster while the limit is searched', () => {
    const pace = { limit: 100, refused: undefined }
    expect([0, 1, 5, 20].map((calm) => Math.round(speedUp(pace, calm)))).toEqual([105, 107, 119, 150])
  })

  test('stays where it is for longer than a minute once the limit is known, then tries more in small steps', () => {
    const pace = { limit: 100, refused: 103 }
    expect(speedUp(pace, 65)).toBe(100)
    expect(speedUp(pace, 66)).toBeCloseTo(100.36)
    expect(speedUp(pace, 75)).toBeCloseTo(101.86)
    expect(speedUp(pace, 200)).toBe(150)
  })
})

test.each([0.5, 1, 2, 7, 10, 33, 120, 999, 10_000])('%d a second is kept by short windows', (limit) => {
  const { max, duration } = toWindow(limit)
  expect(duration).toBeLessThanOrEqual(limit < 1 ? second / limit : second)
  expect(Number.isInteger(max) && Number.isInteger(duration)).toBe(true)
  expect(((max / duration) * second) / limit).toBeCloseTo(1, 1)
})

describe('a hidden limit', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 20, 4) })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const kinds = {
    'seconds of the clock': (rate: number) => fixedWindow(second, rate),
    'any second': (rate: number) => slidingWindow(second, rate),
    'a bucket of a second': (rate: number) => tokenBucket(rate, rate),
    'a small bucket': (rate: number) => tokenBucket(rate, Math.max(4, rate / 10)),
  }
  const cases = Object.entries(kinds).flatMap(([kind, limit]) =>
    [1, 2].flatMap((processes) => [40, 120, 1_000].map((rate) => ({ kind, limit, processes, rate }))),
  )
  const signals = ['too_fast', 'busy'] as const

  test.each(cases)(
    'of $rate per second, counted by $kind, is found by $processes processes, and again when it is halved',
    async ({ limit, processes, rate }) => {
      const account = await createPacedAccount({ processes, demand: 3_000, signal: signals[processes - 1] })
      for (const current of [rate, rate / 2]) {
        const hidden = limit(current)
        await account.run(30, hidden)
        const { perSecond, refusedShare } = await account.run(150, hidden)
        expect(perSecond / current).toBeGreaterThan(0.85)
        expect(perSecond / current).toBeLessThan(1.01)
        expect(refusedShare).toBeLessThan(0.01)
      }
      await account.stop()
    },
  )

  test('per minute is nearly used up every minute, by whom it is not told', async () => {
    const account = await createPacedAccount({ demand: 3_000 })
    const hidden = fixedWindow(minute, 3_000)
    await account.run(120, hidden)
    const { perSecond } = await account.run(300, hidden)
    expect(perSecond / 50).toBeGreaterThan(0.8)
    await account.stop()
  })

  test('that is no more is forgotten within two minutes under load', async () => {
    const account = await createPacedAccount({ demand: 3_000 })
    await account.run(30, fixedWindow(second, 120))
    await account.run(120, () => true)
    expect((await account.run(10, () => true)).perSecond).toBeCloseTo(3_000, -2)
    await account.stop()
  })

  test('is kept while there is little to send, and known when there is more again', async () => {
    const account = await createPacedAccount({ demand: 3_000 })
    const hidden = fixedWindow(second, 120)
    await account.run(30, hidden)
    await account.run(60, hidden, 0)
    await account.run(600, hidden, 20)
    const { perSecond, refusedShare } = await account.run(20, hidden)
    expect(perSecond).toBeGreaterThan(100)
    expect(refusedShare).toBeLessThan(0.01)
    await account.stop()
  })

  test('that is no more is tried out at once by the others when the worker that found it is gone', async () => {
    const account = await createPacedAccount({ processes: 2, demand: 3_000 })
    account.refuse(0)
    await account.run(1, () => true)
    const lowered = account.rate() ?? Number.POSITIVE_INFINITY
    await account.leave(0)
    await account.run(5, () => true)
    expect(account.rate()).toBeGreaterThan(lowered)
    await account.stop()
  })

  test('is known to a worker that starts later', async () => {
    const account = await createPacedAccount({ demand: 3_000 })
    const hidden = fixedWindow(second, 120)
    await account.run(30, hidden)
    await account.restart()
    const { perSecond, refusedShare } = await account.run(60, hidden)
    expect(perSecond).toBeGreaterThan(100)
    expect(refusedShare).toBeLessThan(0.01)
    await account.stop()
  })

  test('that is not there slows nothing down, and one stray refusal is made up for in half a minute', async () => {
    const account = await createPacedAccount({ demand: 3_000 })
    expect(await account.run(10, () => true)).toEqual({
      perSecond: expect.closeTo(3_000, -2),
      refusedShare: 0,
    })
    expect(account.rate()).toBeUndefined()
    let strays = 1
    await account.run(30, () => strays-- !== 1)
    expect((await account.run(5, () => true)).perSecond).toBeCloseTo(3_000, -2)
    await account.stop()
  })

  test.each([10, 100, 3_000])(
    'that is not there is not made up of refusals now and then, at %i a second',
    async (demand) => {
      const account = await createPacedAccount({ demand, signal: 'busy' })
      let calls = 0
      const strays = () => calls++ % (demand * 30) !== 0
      const { perSecond } = await account.run(600, strays)
      expect(perSecond / demand).toBeGreaterThan(0.98)
      expect(account.rate()).toBeUndefined()
      await account.stop()
    },
  )

  test('that is not there is not made up of an outage, after which the full pace is back within half a minute', async () => {
    const account = await createPacedAccount({ demand: 100, signal: 'busy' })
    await account.run(2, () => true)
    await account.run(5, () => false)
    expect(account.rate()).toBeGreaterThanOrEqual(9)
    await account.run(30, () => true)
    expect((await account.run(10, () => true)).perSecond).toBeGreaterThanOrEqual(100)
    await account.stop()
  })

  test('above PUSH_RATE changes nothing about PUSH_RATE', async () => {
    const account = await createPacedAccount({ demand: 3_000, ceiling: 200 })
    let calls = 0
    await account.run(5, () => calls++ % 10 !== 0)
    expect(account.rate()).toBeLessThan(200)
    await account.run(120, () => true)
    expect(account.rate()).toBeUndefined()
    const { perSecond } = await account.run(20, () => true)
    expect(perSecond).toBeGreaterThan(170)
    expect(perSecond).toBeLessThan(202)
    await account.stop()
  })
  test('that the queue has forgotten is there again as soon as more is sent than it allows', async () => {
    const account = await createPacedAccount({ demand: 100, ceiling: 200 })
    await account.run(3, () => true)
    account.forget()
    expect((await account.run(2, () => true, 3_000)).perSecond).toBeLessThan(2 * 200)
    expect((await account.run(3, () => true, 3_000)).perSecond).toBeLessThan(202)
    await account.stop()
  })

  test('that the queue has forgotten is there again within ten seconds, PUSH_RATE as well as a lower one', async () => {
    const account = await createPacedAccount({ demand: 3_000, ceiling: 200 })
    account.forget()
    await account.run(10, () => true)
    expect((await account.run(10, () => true)).perSecond).toBeLessThan(202)
    const hidden = fixedWindow(second, 50)
    await account.run(30, hidden)
    account.forget()
    await account.run(10, hidden)
    expect((await account.run(10, hidden)).perSecond).toBeLessThan(52)
    await account.stop()
  })
})

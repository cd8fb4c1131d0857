import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { say } from '../../src/base/sentences/sentence.ts'
import { createCircuitBreaker } from '../../src/health/circuitBreaker.ts'
import { createTestLog } from '../helpers/pushing.ts'

const verbatim = (text: string) => say('verbatim', { text })

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function setUp() {
  const { log, lines } = createTestLog()
  const steps: string[] = []
  const wechat = { isAnswering: true }
  const reports: unknown[] = []
  const breaker = createCircuitBreaker({
    pause: () => steps.push('pause'),
    resume: (isTrial) => steps.push(isTrial ? 'trial' : 'resume'),
    async probe() {
      steps.push('probe')
      return wechat.isAnswering
    },
    report: (need, wait) => reports.push([need, wait]),
    log,
  })
  return { breaker, steps, lines, wechat, reports }
}

test('a breaker that trips again and again is open for 1, 2, 4 and at most 30 s', () => {
  const { breaker, steps } = setUp()
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    breaker.trip('database', verbatim('full'))
    vi.advanceTimersByTime(seconds * 1_000 - 1)
    expect(breaker.isOpen()).toBe(true)
    vi.advanceTimersByTime(1)
    expect(breaker.isOpen()).toBe(false)
  }
  expect(steps).toEqual(Array(7).fill(['pause', 'resume']).flat())
})

test('an outage is logged once when it begins and once when it is over', () => {
  const { breaker, lines } = setUp()
  for (let n = 0; n < 100; n++) {
    breaker.note('queue', verbatim('READONLY'))
    breaker.trip('queue', verbatim('READONLY'))
    vi.advanceTimersByTime(1_000)
  }
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'warn', need: 'queue', detail: 'READONLY' })
  vi.advanceTimersByTime(30_000)
  breaker.pass('queue')
  breaker.pass('queue')
  expect(lines.slice(1)).toEqual([expect.objectContaining({ level: 'info', need: 'queue' })])
})

test('whoever asks is told what is waited for, since when and how long that may be believed', async () => {
  const { breaker, reports } = setUp()
  const since = Date.now()
  const waiting = (delay: number) => [
    'database',
    { detail: verbatim('full'), since, until: Date.now() + delay + 120_000 },
  ]
  breaker.note('database', verbatim('full'))
  expect(reports).toEqual([])
  breaker.trip('database', verbatim('full'))
  expect(reports).toEqual([waiting(1_000)])
  await vi.advanceTimersByTimeAsync(1_000)
  breaker.trip('database', verbatim('full'))
  expect(reports.splice(0)[1]).toEqual(waiting(2_000))
  await vi.advanceTimersByTimeAsync(2_000)
  breaker.pass('database')
  breaker.pass('database')
  expect(reports.splice(0)).toEqual([['database', undefined]])
  breaker.trip('queue', verbatim('READONLY'))
  breaker.stop()
  expect(reports[1]).toEqual(['queue', undefined])
})

test('after it worked the next outage begins with a short wait', async () => {
  const { breaker } = setUp()
  for (const pass of [true, false]) {
    breaker.trip('wechat', verbatim('refused'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(breaker.isOpen()).toBe(false)
    if (pass) breaker.pass('wechat')
  }
})

test('it stays open while one need is out, whatever comes of the other', async () => {
  const { breaker, steps } = setUp()
  breaker.trip('database', verbatim('full'))
  await vi.advanceTimersByTimeAsync(500)
  breaker.trip('queue', verbatim('READONLY'))
  await vi.advanceTimersByTimeAsync(500)
  expect(steps).toEqual(['pause', 'pause'])
  await vi.advanceTimersByTimeAsync(500)
  expect(steps).toEqual(['pause', 'pause', 'resume'])
})

test('after an outage of WeChat it opens for one try at a time when a harmless call is answered, and wide when a try passes', async () => {
  const { breaker, steps, wechat } = setUp()
  wechat.isAnswering = false
  breaker.trip('wechat', verbatim('HTTP status 502'))
  await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 3_999)
  expect(steps).toEqual(['pause', 'probe', 'probe'])
  expect(breaker.isOpen('wechat')).toBe(true)
  wechat.isAnswering = true
  await vi.advanceTimersByTimeAsync(1)
  expect(steps.slice(3)).toEqual(['probe', 'trial'])
  expect([breaker.isOpen(), breaker.isTrial()]).toEqual([false, true])
  breaker.trip('wechat', verbatim('HTTP status 502'))
  await vi.advanceTimersByTimeAsync(7_999)
  expect(breaker.isOpen()).toBe(true)
  await vi.advanceTimersByTimeAsync(1)
  breaker.pass('wechat')
  expect(steps.slice(5)).toEqual(['pause', 'probe', 'trial', 'resume'])
  expect([breaker.isOpen(), breaker.isTrial()]).toEqual([false, false])
})

test('a breaker that is stopped while it asks WeChat neither takes jobs nor goes on asking', async () => {
  const { breaker, steps, wechat } = setUp()
  wechat.isAnswering = false
  breaker.trip('wechat', verbatim('refused'))
  vi.advanceTimersByTime(1_000)
  breaker.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(steps).toEqual(['pause', 'probe'])
})

import { expect, test } from 'vitest'
import { say } from '../../src/base/sentences/sentence.ts'
import { createAccountHealth } from '../../src/health/accountHealth.ts'
import { createTestLog } from '../helpers/pushing.ts'

const verbatim = (text: string) => say('verbatim', { text })

function setUp(limitedForMs = -2) {
  const { log } = createTestLog()
  const steps: string[] = []
  const queued = { isPaused: false, asked: 0 }
  const health = createAccountHealth({
    appid: 'wx1',
    owner: 'o',
    queue: {
      getJobCounts: async () => ({}),
      getRateLimitTtl: async () => limitedForMs,
      async isPaused() {
        queued.asked += 1
        return queued.isPaused
      },
      async pause() {
        queued.isPaused = true
      },
      async resume() {
        queued.isPaused = false
      },
      removeGlobalConcurrency: async () => 0,
      removeGlobalRateLimit: async () => 0,
      setGlobalConcurrency: async () => 0,
      setGlobalRateLimit: async () => 0,
    },
    accountState: {
      find: async () => undefined,
      pause: async () => true,
      claimProbe: async () => false,
      startTrial: async () => false,
      refuseTrial: async () => false,
      endTrial: async () => false,
      slowDown: async () => false,
      setRate: async () => false,
    },
    leases: { acquire: async () => true },
    openCircuits: { record: async () => {}, remove: async () => {} },
    api: { getQuota: async () => ({ dailyLimit: 1, used: 0, remain: 1 }) },
    ceiling: 0,
    pause: () => steps.push('pause'),
    resume: () => steps.push('resume'),
    alert() {},
    log,
  })
  return { health, queued, steps }
}

test('jobs may be taken while nothing is wrong', async () => {
  const { health } = setUp()
  expect(await health.mayTakeJobs()).toEqual({ ok: true })
  expect(health.mayTry()).toBe(true)
})

test('each outage that keeps jobs from being taken is named, and the queue is not asked then', async () => {
  const { health, queued, steps } = setUp()
  health.breaker.trip('wechat', verbatim('HTTP 502'))
  health.breaker.trip('database', verbatim('full'))
  expect(await health.mayTakeJobs()).toEqual({
    ok: false,
    reasons: [
      { kind: 'outage', need: 'database', detail: verbatim('full'), since: expect.any(Number) },
      { kind: 'outage', need: 'wechat', detail: verbatim('HTTP 502'), since: expect.any(Number) },
    ],
  })
  expect(health.mayTry()).toBe(false)
  expect(queued.asked).toBe(0)
  expect(steps).toEqual(['pause', 'pause'])
  health.stop()
})

test('a pause of the account is named', async () => {
  const { health } = setUp()
  await health.guard.pause({ reason: 'ip_not_allowed', detail: verbatim('40164') })
  expect(await health.mayTakeJobs()).toEqual({ ok: false, reasons: [{ kind: 'paused' }] })
  expect(health.mayTry()).toBe(false)
})

test('a queue that somebody paused is named', async () => {
  const { health, queued } = setUp()
  queued.isPaused = true
  expect(await health.mayTakeJobs()).toEqual({ ok: false, reasons: [{ kind: 'paused' }] })
})

test('a limit of jobs per second that is used up is named, with the time it lasts', async () => {
  const { health } = setUp(300)
  expect(await health.mayTakeJobs()).toEqual({ ok: false, reasons: [{ kind: 'rate_limited', forMs: 300 }] })
})

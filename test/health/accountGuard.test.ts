import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { day, hour, minute, second, toShanghaiDayStart } from '../../src/base/duration.ts'
import { say, toEnglish } from '../../src/base/sentences/sentence.ts'
import { toStored } from '../../src/base/sentences/stored.ts'
import { type AccountStateRow, isTrial, type Pause } from '../../src/db/accountState.ts'
import { createAccountGuard } from '../../src/health/accountGuard.ts'
import type { PauseAlert } from '../../src/health/alertText.ts'
import { toProbeAt } from '../../src/health/probe.ts'
import { decide } from '../../src/sending/processor/outcome.ts'
import { explainInFull } from '../../src/wechat/errcode.ts'
import { tokenEndpointErrcodes } from '../../src/wechat/errcodes/exceptions.ts'
import { errcodes } from '../../src/wechat/errcodes/table.ts'
import { WechatApiError } from '../../src/wechat/errors.ts'
import { createTestLog } from '../helpers/pushing.ts'

const sendPath = '/cgi-bin/message/template/send'
const tokenPath = '/cgi-bin/stable_token'
const noon = Date.UTC(2026, 10, 20, 4)
const midnight = toShanghaiDayStart(noon) + day

beforeEach(() => {
  vi.useFakeTimers({ now: noon })
})
afterEach(() => {
  vi.useRealTimers()
})

/** The row and the queue are those of several guards, one per process. */
function setUp() {
  let row: AccountStateRow | undefined
  let queueIsPaused = false
  let fault: WechatApiError | undefined
  let remain = 1
  let atOnce = Number.POSITIVE_INFINITY
  const probes: number[] = []
  const alerts: PauseAlert[] = []
  const { log, lines } = createTestLog()
  const queue = {
    pause: async () => {
      queueIsPaused = true
    },
    resume: async () => {
      queueIsPaused = false
    },
    isPaused: async () => queueIsPaused,
    async setGlobalConcurrency(most: number) {
      atOnce = most
      return 1
    },
    async removeGlobalConcurrency() {
      atOnce = Number.POSITIVE_INFINITY
      return 1
    },
  }
  const empty = { appid: 'wx', probes: 0, rate: null, refusedRate: null, refusedAt: null }
  const running = { pausedReason: null, pausedDetail: null, pausedSince: null, probeAt: null }
  const state = {
    find: async () => row,
    async pause({ reason, detail, since, probeAt }: Pause) {
      if (row?.pausedReason) return false
      row = { ...empty, ...row, pausedReason: reason, pausedDetail: detail, pausedSince: since, probeAt }
      return true
    },
    async claimProbe(now: number, nextProbeAt: number) {
      if (!row?.pausedReason || row.probeAt === null || row.probeAt > now) return false
      row = { ...row, probeAt: nextProbeAt, probes: row.probes + 1 }
      return true
    },
    async startTrial(reason: string) {
      if (row?.pausedReason !== reason) return false
      row = { ...row, probeAt: null }
      return true
    },
    async refuseTrial({ reason, detail, probeAt }: Omit<Pause, 'since'>) {
      if (!row || !isTrial(row)) return false
      row = { ...row, pausedReason: reason, pausedDetail: detail, probeAt }
      return true
    },
    async endTrial() {
      if (!row || !isTrial(row)) return false
      row = { ...row, ...running, probes: 0 }
      return true
    },
  }
  const api = {
    async getQuota() {
      probes.push(Date.now())
      if (fault) throw fault
      return { dailyLimit: 1, used: 1 - remain, remain }
    },
  }
  return {
    state,
    guard: () => createAccountGuard({ queue, state, api, alert: (change) => alerts.push(change), log }),
    queue,
    alerts,
    lines,
    probes,
    row: () => row,
    setRow: (change: Partial<AccountStateRow>) => {
      row = { ...empty, ...running, ...row, ...change }
    },
    isPaused: () => queueIsPaused,
    atOnce: () => atOnce,
    answerProbes: (error: WechatApiError | undefined, left: number) => {
      fault = error
      remain = left
    },
  }
}

const faults = [
  ...[...errcodes]
    .filter(([, row]) => row.class === 'A' || row.class === 'Q')
    .map((entry) => [sendPath, ...entry] as const),
  ...[...tokenEndpointErrcodes].map((entry) => [tokenPath, ...entry] as const),
].map(([path, errcode, row]) => ({ path, errcode, ...row }))

test('every code that is about the account is among these', () => {
  expect(faults.length).toBeGreaterThan(40)
  expect(new Set(faults.map(({ class: errcodeClass }) => errcodeClass))).toEqual(new Set(['A', 'Q']))
})

test.each(faults)(
  '$errcode ($reason, $path) spends no try, pauses both workers with one alert, is probed on time and resumed by an accepted push',
  async ({ path, errcode, class: errcodeClass, reason }) => {
    const world = setUp()
    const guards = [world.guard(), world.guard()]
    for (const guard of guards) await guard.start()
    const error = new WechatApiError({ errcode, errmsg: 'refused', path })
    const attempt = {
      attempts: 8,
      maxAttempts: 8,
      starts: 9,
      isUnclear: false,
      lastErrcode: null,
      isBelieved: false,
      hasLostTemplate: false,
      othersPass: true,
      concerns: 'account',
      isTrial: false,
      opensMiniprogram: false,
    } as const
    const outcome = decide(error, attempt, 0)
    if (outcome.kind !== 'pause') throw new Error(`${errcode} leads to ${outcome.kind}`)
    expect(outcome).toEqual({ kind: 'pause', reason, detail: explainInFull(error), counts: false })

    world.answerProbes(errcodeClass === 'A' ? error : undefined, 0)
    await Promise.all([...guards, ...guards].map((guard) => guard.pause(outcome)))
    expect(world.isPaused()).toBe(true)
    expect(world.row()).toMatchObject({
      pausedReason: reason,
      pausedDetail: toStored(outcome.detail),
      pausedSince: noon,
    })

    const due =
      errcodeClass === 'Q'
        ? toQuotaProbes()
        : [5, 15, 35, 75, 155, 315, 615, 915].map((s) => noon + s * second)
    const last = due.at(-1) ?? 0
    await vi.advanceTimersByTimeAsync(last - Date.now() + 900)
    expect(world.probes.map((at) => Math.floor((at - noon) / second))).toEqual(
      due.map((at) => (at - noon) / second),
    )
    expect(world.isPaused()).toBe(true)
    const alerts = world.lines.filter(({ level }) => level === 'error')
    expect(alerts).toEqual([
      expect.objectContaining({
        reason,
        detail: toEnglish(outcome.detail),
        msg: 'account paused',
        probeAt: new Date(due[0] ?? 0).toISOString(),
      }),
    ])

    world.answerProbes(undefined, 100)
    await vi.advanceTimersByTimeAsync(10 * minute + second)
    expect([world.isPaused(), world.atOnce(), world.row()?.pausedReason]).toEqual([false, 1, reason])
    expect(world.alerts).toHaveLength(1)
    for (const guard of [...guards, ...guards]) guard.sent()
    await vi.advanceTimersByTimeAsync(0)
    expect([world.isPaused(), world.atOnce()]).toEqual([false, Number.POSITIVE_INFINITY])
    expect(world.row()).toMatchObject({ pausedReason: null, probeAt: null })
    expect(world.lines.filter(({ msg }) => msg === 'account resumed')).toHaveLength(1)
    expect(world.alerts).toEqual([
      { kind: 'paused', reason, detail: toStored(outcome.detail), probeAt: due[0] },
      { kind: 'resumed', reason },
    ])
    for (const guard of guards) guard.stop()
  },
)

/** Every ten minutes. */
function toQuotaProbes(): number[] {
  return [10, 20, 30].map((minutes) => noon + minutes * minute)
}

describe('a push that tries a paused account', () => {
  const fault = { reason: 'api_unauthorized', detail: say('network.aborted') } as const

  async function untilTrial() {
    const world = setUp()
    const guard = world.guard()
    await guard.start()
    await guard.pause(fault)
    await vi.advanceTimersByTimeAsync(5 * second)
    expect([guard.isPaused(), guard.isTrial(), world.isPaused(), world.atOnce()]).toEqual([
      false,
      true,
      false,
      1,
    ])
    return { world, guard }
  }

  test('and is refused is told nobody; the next ones follow at growing intervals', async () => {
    const { world, guard } = await untilTrial()
    for (const interval of [10, 20, 40, 80, 160, 300, 300]) {
      const refusedAt = Date.now()
      await guard.pause(fault)
      expect([guard.isPaused(), world.isPaused()]).toEqual([true, true])
      expect(world.row()).toMatchObject({ probeAt: refusedAt + interval * second })
      await vi.advanceTimersByTimeAsync(interval * second - 1)
      expect(world.isPaused()).toBe(true)
      await vi.advanceTimersByTimeAsync(second)
      expect(guard.isTrial()).toBe(true)
    }
    expect(world.alerts).toHaveLength(1)
    expect(world.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    guard.sent()
    await vi.advanceTimersByTimeAsync(0)
    expect(world.alerts.slice(1)).toEqual([{ kind: 'resumed', reason: 'api_unauthorized' }])
    guard.stop()
  })

  test('and is refused for another reason is told, for there is something else to do', async () => {
    const { world, guard } = await untilTrial()
    await guard.pause({ reason: 'ip_not_allowed', detail: say('network.aborted') })
    expect(world.row()).toMatchObject({
      pausedReason: 'ip_not_allowed',
      pausedDetail: toStored(say('network.aborted')),
    })
    expect(world.alerts.slice(1)).toEqual([
      expect.objectContaining({ kind: 'paused', reason: 'ip_not_allowed' }),
    ])
    guard.stop()
  })

  test('is waited for as long as it takes, over a restart too', async () => {
    const { world, guard } = await untilTrial()
    const { length } = world.probes
    guard.stop()
    const next = world.guard()
    await next.start()
    await vi.advanceTimersByTimeAsync(hour)
    expect([next.isTrial(), world.isPaused(), world.atOnce()]).toEqual([true, false, 1])
    expect(world.probes).toHaveLength(length)
    next.stop()
  })
})

describe('a pause by a person', () => {
  test('is lifted by no probe, however long it lasts, and survives a restart', async () => {
    const world = setUp()
    world.setRow({ pausedReason: 'manual', pausedDetail: 'd', pausedSince: noon })
    const guard = world.guard()
    await guard.start()
    expect(world.isPaused()).toBe(true)
    await vi.advanceTimersByTimeAsync(hour)
    guard.stop()
    const next = world.guard()
    await next.start()
    await vi.advanceTimersByTimeAsync(hour)
    expect(world.probes).toEqual([])
    expect(world.isPaused()).toBe(true)
    next.stop()
  })

  test('stays one when the account turns out to be at fault meanwhile', async () => {
    const world = setUp()
    const guard = world.guard()
    await guard.start()
    world.setRow({ pausedReason: 'manual', pausedDetail: 'd', pausedSince: noon })
    await guard.pause({ reason: 'ip_not_allowed', detail: say('network.aborted') })
    await vi.advanceTimersByTimeAsync(hour)
    expect(world.row()).toMatchObject({ pausedReason: 'manual', probeAt: null })
    expect(world.isPaused()).toBe(true)
    expect(world.alerts).toEqual([])
    guard.stop()
  })

  test('that comes while a probe is under way is not lifted by it', async () => {
    const world = setUp()
    const guard = world.guard()
    await guard.start()
    await guard.pause({ reason: 'ip_not_allowed', detail: say('network.aborted') })
    const push = world.probes.push.bind(world.probes)
    world.probes.push = (at) => {
      world.setRow({ pausedReason: 'manual', pausedDetail: 'd', probeAt: null })
      return push(at)
    }
    await vi.advanceTimersByTimeAsync(10 * second)
    expect(world.probes).toHaveLength(1)
    expect(world.row()).toMatchObject({ pausedReason: 'manual' })
    expect(world.isPaused()).toBe(true)
    guard.stop()
  })
})

describe('a process that ended between the row and the queue', () => {
  test('leaves a pause on record that the queue follows within a second', async () => {
    const world = setUp()
    const guard = world.guard()
    await guard.start()
    world.setRow({ pausedReason: 'manual', pausedDetail: 'd', pausedSince: noon })
    await vi.advanceTimersByTimeAsync(second)
    expect(world.isPaused()).toBe(true)
    guard.stop()
  })

  test('is not undone by what was read before it', async () => {
    const world = setUp()
    const guard = world.guard()
    await guard.start()
    const { find } = world.state
    let answer = () => {}
    world.state.find = async () => {
      const row = await find()
      world.state.find = find
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return row
    }
    await vi.advanceTimersByTimeAsync(second)
    await guard.pause({ reason: 'ip_not_allowed', detail: say('pause.by_person') })
    answer()
    await vi.advanceTimersByTimeAsync(1)
    expect(guard.isPaused()).toBe(true)
    expect(world.isPaused()).toBe(true)
    guard.stop()
  })

  test('leaves a paused queue that goes on within a second, or when a worker starts', async () => {
    const world = setUp()
    await world.queue.pause()
    const guard = world.guard()
    await guard.start()
    expect(world.isPaused()).toBe(false)
    await world.queue.pause()
    await vi.advanceTimersByTimeAsync(second)
    expect(world.isPaused()).toBe(false)
    guard.stop()
  })
})

describe('a paused account is probed', () => {
  test('after 5 s, doubling to 5 minutes', () => {
    const delays = [0, 1, 2, 3, 4, 5, 6, 7, 50].map(
      (probes) => toProbeAt('ip_not_allowed', probes, noon) - noon,
    )
    expect(delays.map((delay) => delay / second)).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
  })

  test('for its quota every ten minutes, and a minute after midnight in Shanghai', () => {
    const times = [noon, midnight - 15 * minute, midnight - 5 * minute, midnight, midnight + minute]
    expect(times.map((now) => toProbeAt('quota_exhausted', 3, now) - midnight)).toEqual([
      noon + 10 * minute - midnight,
      -5 * minute,
      minute,
      minute,
      11 * minute,
    ])
  })
})

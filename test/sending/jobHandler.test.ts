import { DelayedError, type Job } from 'bullmq'
import { expect, test, vi } from 'vitest'
import { say } from '../../src/base/sentences/sentence.ts'
import { DatabaseError } from '../../src/db/databaseError.ts'
import { createJobHandler } from '../../src/sending/jobHandler.ts'
import type { SendOutcome } from '../../src/sending/processor/outcome.ts'
import type { Processed } from '../../src/sending/processor/tryOnce.ts'
import { createReactions } from '../../src/sending/reactions.ts'
import { createTestLog } from '../helpers/pushing.ts'

function setUp(process: () => Promise<Processed>) {
  const calls: string[] = []
  const state = { isOutage: false }
  const giveUp = vi.fn(async () => {})
  const { log, lines } = createTestLog()
  const guard = {
    pause: vi.fn(async ({ reason }: { reason: string }) => void calls.push(`pause ${reason}`)),
    sent: () => calls.push('sent'),
  }
  const breaker = {
    trip: (need: string) => calls.push(`trip ${need}`),
    pass: (need: string) => calls.push(`pass ${need}`),
  }
  const note = createReactions({
    breaker,
    guard,
    rateController: { sent: () => {}, refused: () => calls.push('too fast') },
    others: { isOutage: () => state.isOutage },
    log,
  })
  const handler = createJobHandler({
    processor: { process, giveUp },
    breaker,
    note,
    broadcasts: undefined,
    log,
  })
  const moveToDelayed = vi.fn(async (_timestamp: number, _token?: string) => {})
  // What of BullMQ's job the handler uses.
  const job = {
    id: 'p.1',
    data: {},
    timestamp: 1,
    attemptsStarted: 1,
    stalledCounter: 0,
    moveToDelayed,
  } as unknown as Job
  return { handle: () => handler.handle(job, 'token'), calls, state, giveUp, guard, moveToDelayed, lines }
}

const later = (cause?: SendOutcome | DatabaseError): Processed => ({
  kind: 'later',
  delay: 5_000,
  ...(cause && { cause }),
})
const retry: SendOutcome = {
  kind: 'retry',
  delay: 1,
  counts: true,
  isUnclear: false,
  detail: say('network.aborted'),
}

test('a push that goes on later is given back with its token and no attempt spent', async () => {
  const { handle, moveToDelayed } = setUp(async () => later())
  const before = Date.now()
  await expect(handle()).rejects.toBeInstanceOf(DelayedError)
  const [at, token] = moveToDelayed.mock.calls[0] ?? []
  expect(at).toBeGreaterThanOrEqual(before + 5_000)
  expect(token).toBe('token')
})

test.each<[string, SendOutcome | DatabaseError, string]>([
  ['a database that cannot write trips the breaker', new DatabaseError('full', 'full'), 'trip database'],
  [
    'an account fault pauses the account',
    { kind: 'pause', reason: 'ip_not_allowed', detail: say('network.aborted'), counts: false },
    'pause ip_not_allowed',
  ],
  ['a refusal for the pace slows the account down', { ...retry, signal: 'too_fast' }, 'too fast'],
])('%s', async (_, cause, expected) => {
  const { handle, calls } = setUp(async () => later(cause))
  await expect(handle()).rejects.toBeInstanceOf(DelayedError)
  expect(calls).toContain(expected)
})

test('a push goes back into the queue also when its account cannot be paused', async () => {
  const full = new DatabaseError('full', 'full')
  const { handle, calls, guard } = setUp(async () =>
    later({ kind: 'pause', reason: 'ip_not_allowed', detail: say('network.aborted'), counts: false }),
  )
  guard.pause.mockRejectedValue(full)
  await expect(handle()).rejects.toBeInstanceOf(DelayedError)
  expect(calls).toContain('trip database')
})

test.each(['out_of_reach', 'busy'] as const)('%s trips the breaker when it is an outage', async (signal) => {
  const { handle, calls, state } = setUp(async () => later({ ...retry, signal }))
  await handle().catch(() => {})
  expect(calls).not.toContain('trip wechat')
  state.isOutage = true
  await handle().catch(() => {})
  expect(calls).toContain('trip wechat')
  expect(calls.filter((call) => call === 'too fast')).toHaveLength(signal === 'busy' ? 1 : 0)
})

test('a push that throws is tried again ten times, and then it gets its record', async () => {
  const { handle, giveUp, moveToDelayed, lines } = setUp(() =>
    Promise.reject(new TypeError('x is not a function')),
  )
  for (let n = 0; n < 9; n++) await expect(handle()).rejects.toBeInstanceOf(DelayedError)
  expect(moveToDelayed).toHaveBeenCalledTimes(9)
  expect(giveUp).not.toHaveBeenCalled()
  await handle()
  expect(giveUp).toHaveBeenCalledWith(
    expect.objectContaining({ jobId: 'p.1' }),
    say('outcome.threw', { times: 10, error: expect.stringContaining('x is not a function') }),
  )
  expect(lines.filter(({ level }) => level === 'error')).toHaveLength(10)
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createGate } from '../../src/push/gate.ts'
import { createTestLog } from '../helpers/pushing.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function setUp() {
  const { log, lines } = createTestLog()
  const steps: string[] = []
  const gate = createGate({ pause: () => steps.push('pause'), resume: () => steps.push('resume'), log })
  return { gate, steps, lines }
}

test('a gate that is closed again and again opens after 1, 2, 4 and at most 30 s', () => {
  const { gate, steps } = setUp()
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    gate.close('database', 'full')
    vi.advanceTimersByTime(seconds * 1_000 - 1)
    expect(gate.isClosed()).toBe(true)
    vi.advanceTimersByTime(1)
    expect(gate.isClosed()).toBe(false)
  }
  expect(steps).toEqual(Array(7).fill(['pause', 'resume']).flat())
})

test('an outage is logged once when it begins and once when it is over', () => {
  const { gate, lines } = setUp()
  for (let n = 0; n < 100; n++) {
    gate.note('queue', 'READONLY')
    gate.close('queue', 'READONLY')
    vi.advanceTimersByTime(1_000)
  }
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'warn', need: 'queue', detail: 'READONLY' })
  vi.advanceTimersByTime(30_000)
  gate.pass('queue')
  gate.pass('queue')
  expect(lines.slice(1)).toEqual([expect.objectContaining({ level: 'info', need: 'queue' })])
})

test('after it worked the next outage begins with a short closure', () => {
  const { gate } = setUp()
  for (const pass of [true, false]) {
    gate.close('wechat', 'refused')
    vi.advanceTimersByTime(1_000)
    expect(gate.isClosed()).toBe(false)
    if (pass) gate.pass('wechat')
  }
})

test('it stays closed while one need is out, whatever comes of the other', () => {
  const { gate, steps } = setUp()
  gate.close('database', 'full')
  vi.advanceTimersByTime(500)
  gate.close('wechat', 'refused')
  vi.advanceTimersByTime(500)
  expect(steps).toEqual(['pause', 'pause'])
  vi.advanceTimersByTime(500)
  expect(steps).toEqual(['pause', 'pause', 'resume'])
})

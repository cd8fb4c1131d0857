import { describe, expect, test } from 'vitest'
import { createRecentCalls } from '../../src/health/recentCalls.ts'

function setUp() {
  const clock = { now: 1_000_000 }
  return { clock, calls: createRecentCalls(() => clock.now) }
}

describe('an outage', () => {
  test('is told by three pushes in a row without an answer, not by one that is tried three times', () => {
    const { calls } = setUp()
    for (let n = 0; n < 10; n++) calls.add('a', 'failed')
    calls.add('b', 'failed')
    expect(calls.isOutage()).toBe(false)
    calls.add('c', 'failed')
    expect(calls.isOutage()).toBe(true)
    calls.add('d', 'passed')
    expect(calls.isOutage()).toBe(false)
  })

  test('of a WeChat that is busy lasts longer than a limit of calls per second refuses', () => {
    const { calls, clock } = setUp()
    calls.add('a', 'passed')
    for (let n = 0; n < 50; n++) calls.add(`b${n}`, 'busy')
    expect(calls.isOutage()).toBe(false)
    clock.now += 1_500
    expect(calls.isOutage()).toBe(true)
  })
})

describe('others pass', () => {
  const fill = (count: number, failed: number) => {
    const { calls } = setUp()
    for (let n = 0; n < count; n++) calls.add(`p${n}`, n < failed ? 'busy' : 'passed')
    return calls
  }

  test.each([
    ['nobody has called', 0, 0, false],
    ['all pass', 100, 0, true],
    ['under a tenth fail', 100, 9, true],
    ['a tenth fails', 100, 10, false],
    ['one of a few fails', 5, 1, false],
    ['those that failed are more than a hundred calls ago', 150, 50, true],
  ])('or not: %s', (_, count, failed, expected) => {
    expect(fill(count, failed).othersPass('x')).toBe(expected)
  })

  test('only when one has since this push was tried last, whose own failures do not matter', () => {
    const calls = fill(50, 0)
    calls.add('x', 'failed')
    expect(calls.othersPass('x')).toBe(false)
    for (let n = 0; n < 30; n++) calls.add('x', 'failed')
    calls.add('y', 'passed')
    expect(calls.othersPass('x')).toBe(true)
  })
})
